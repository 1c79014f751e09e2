const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** "1.2 GB": decimal, as lines and budgets are counted. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let place = 0;
  while (value >= 1000 && place < UNITS.length - 1) {
    value /= 1000;
    place += 1;
  }
  const shown = value >= 100 || place === 0 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${shown.toLocaleString('en-GB')} ${UNITS[place]}`;
}
