import { existsSync } from 'node:fs';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { loadInto, SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { terminalLine } from '@ringwave/runtime/terminal-text';
import { unknownPhones } from '../core/discovered.ts';
import { type AgentTables, emptyTables } from '../core/state.ts';
import { boxAt, damagedState } from '../io/box.ts';

interface PhonesFlags {
  readonly data: string;
  readonly unknown?: boolean;
  readonly json?: boolean;
}

/** Prints the phones of the plan and those in none, as the agent's store has them. */
export async function phones({ data, unknown, json }: PhonesFlags): Promise<void> {
  const tables = tablesOf(data);
  const strangers = unknownPhones(tables);
  const known = unknown === true ? [] : knownPhones(tables);
  const lines =
    json === true
      ? [JSON.stringify({ ...(unknown === true ? {} : { phones: known }), unknown: strangers })]
      : [
          ...known.map((one) =>
            row([one.mac, one.vendor, one.model, one.version, one.address, one.phase]),
          ),
          ...strangers.map((one) => {
            const seen = `unknown, by ${one.via.join(' and ')}`;
            return row([one.mac, one.vendor, one.model, one.version, one.address, seen]);
          }),
        ];
  process.stdout.write(lines.map((line) => `${terminalLine(line)}\n`).join(''));
}

const row = (fields: readonly (string | null | undefined)[]): string =>
  fields.map((field) => field ?? '-').join('  ');

function knownPhones({ plan, sightings, work }: AgentTables) {
  return (plan.get('plan')?.plan.phones ?? []).map((phone) => {
    const seen = [...sightings.values()].find(({ mac }) => mac === phone.mac);
    const { vendor, model, mac } = phone;
    return {
      mac,
      vendor,
      model,
      version: seen?.version ?? null,
      address: seen?.address ?? null,
      seenAt: seen?.at ?? null,
      registered: seen?.registered ?? null,
      phase: [...work.values()].find((one) => one.mac === mac)?.phase ?? null,
    };
  });
}

function tablesOf(folder: string): AgentTables {
  const { database } = boxAt(folder);
  if (!existsSync(database)) {
    const next = 'Name the folder of the agent with --data';
    throw new CliFault({
      what: `cannot list phones of ${folder}`,
      why: 'no agent ran there',
      next,
    });
  }
  const tables = emptyTables();
  try {
    const store = new SqliteTables(database, ['plan', 'sightings', 'work', 'discovered']);
    loadInto(tables, store);
    store.close();
  } catch (error) {
    const [why, next] = [`${database}: ${reasonOf(error)}`, damagedState(folder)];
    throw new CliFault({ what: `cannot list phones of ${folder}`, why, next }, error);
  }
  return tables;
}
