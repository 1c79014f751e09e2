import { terminalLine } from '@ringwave/runtime/terminal-text';
import type { CliOutput } from './json-lines.ts';

/** JSON where it is asked for, else lines for people. */
export async function print(
  out: CliOutput,
  json: boolean | undefined,
  value: unknown,
  lines: () => string[],
): Promise<void> {
  await out.write(
    json ? `${JSON.stringify(value)}\n` : `${lines().map(terminalLine).join('\n')}\n`,
  );
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  return [line(head.map((title) => title.toUpperCase())), ...rows.map(line)];
}

/** An instant as people of that zone read it, with its offset; with the year, since deadlines and freezes may be far. */
export function localTime(at: number | null | undefined, zone = 'UTC'): string {
  if (at === null || at === undefined) return '-';
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'shortOffset',
  });
  return parts.format(at);
}
