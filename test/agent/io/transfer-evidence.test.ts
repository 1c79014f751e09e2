import { ms, type Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import type { AgentEvent } from '../../../agent/core/state.ts';
import type { Asked, TransferEnd } from '../../../agent/io/file-source.ts';
import { TransferEvidence } from '../../../agent/io/transfer-evidence.ts';

const mac = '80:5e:c0:00:00:01' as Mac;
const asked: Asked = { protocol: 'http', method: 'GET', path: 'a.cfg', address: '10.0.0.7' };
const done: TransferEnd['outcome'] = { kind: 'done' };
const closed: TransferEnd['outcome'] = { kind: 'aborted', by: 'phone', why: 'connection closed' };

/** What core is told when a configuration of 100 bytes with this login ends so. */
function told(
  generation: number,
  bytes: number,
  outcome: TransferEnd['outcome'],
  own = asked,
  isCounted = generation > 0,
) {
  const events: AgentEvent[] = [];
  const evidence = new TransferEvidence((event) => events.push(event));
  evidence.expect(own, { kind: 'config', mac, generation, isCounted });
  const seen = { asked: own, lengthBytes: 100, fromByte: 0 };
  evidence.transferEnded(seen, { bytes, durationMs: ms(1), outcome });
  return events;
}

test('a configuration that left whole may prove something; one with a login that broke off is told too', (t) => {
  t.same(told(3, 100, done), [{ kind: 'config-served', mac, generation: 3 }]);
  t.same(told(0, 100, done), [{ kind: 'config-served', mac, generation: 0 }]);
  const broke = { kind: 'secret-broke-off', mac, address: '10.0.0.7', how: 'broken' };
  t.same(told(3, 40, closed), [broke]);
  t.same(told(3, 0, closed), [broke], 'how much of it left nobody can tell');
  t.same(told(0, 40, closed), []);
  t.same(told(0, 40, closed, asked, true), [broke], 'what its base holds counts as well');
  t.same(told(0, 100, done, asked, true), [
    { kind: 'config-served', mac, generation: 0, ofBase: true },
  ]);
  t.same(told(3, 0, closed, { ...asked, method: 'HEAD' }), []);
  t.end();
});
