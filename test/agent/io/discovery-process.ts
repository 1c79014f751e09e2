// Discovery in a process of its own, for a machine made by the test: prints one JSON line an event. Takes the MAC of the
// one phone of its plan.
import type { Mac } from '@ringwave/protocol/units';
import { emptyTables } from '../../../agent/core/state.ts';
import { Discovery } from '../../../agent/io/discovery.ts';
import { Neighbours } from '../../../agent/io/neighbours.ts';
import { one, planOf, planPhone } from '../core/box.ts';

const tables = emptyTables();
const phone = { ...planPhone(1), mac: process.argv[2] as Mac };
tables.plan.set('plan', { plan: planOf([phone]), heldSince: one });
await Discovery.open({
  pnp: { host: '0.0.0.0', port: 5060 },
  neighbours: new Neighbours(),
  tables,
  address: () => ({ host: '10.77.0.1', httpPort: 80, tftpPort: 69 }),
  submit: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write('listens\n');
