// Where the demo fleet stands: real cities and time zones. Windows are local times that are open between
// 01:00 and 05:00 UTC in November, so that the whole story fits into the first hours after its start.

export interface DemoCity {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** Local wall clock, `HH:MM`; an end before its start is on the next day. */
  readonly start: string;
  readonly end: string;
}

const city = (
  id: string,
  name: string,
  zone: string,
  [start, end]: [string, string],
): DemoCity => ({
  id,
  name,
  zone,
  start,
  end,
});

export const demoCities: readonly DemoCity[] = [
  city('lisbon', 'Lisbon', 'Europe/Lisbon', ['01:00', '05:00']),
  city('berlin', 'Berlin', 'Europe/Berlin', ['02:00', '06:00']),
  city('new-york', 'New York', 'America/New_York', ['20:00', '23:59']),
  city('sao-paulo', 'São Paulo', 'America/Sao_Paulo', ['22:00', '02:00']),
  city('helsinki', 'Helsinki', 'Europe/Helsinki', ['03:00', '07:00']),
  city('london', 'London', 'Europe/London', ['01:00', '05:00']),
  city('chicago', 'Chicago', 'America/Chicago', ['19:00', '23:00']),
  city('johannesburg', 'Johannesburg', 'Africa/Johannesburg', ['03:00', '07:00']),
  city('madrid', 'Madrid', 'Europe/Madrid', ['02:00', '06:00']),
  city('denver', 'Denver', 'America/Denver', ['18:00', '22:00']),
  city('athens', 'Athens', 'Europe/Athens', ['03:00', '07:00']),
  city('buenos-aires', 'Buenos Aires', 'America/Argentina/Buenos_Aires', ['22:00', '02:00']),
  city('nairobi', 'Nairobi', 'Africa/Nairobi', ['04:00', '08:00']),
  city('warsaw', 'Warsaw', 'Europe/Warsaw', ['02:00', '06:00']),
  city('toronto', 'Toronto', 'America/Toronto', ['20:00', '23:59']),
  city('reykjavik', 'Reykjavík', 'Atlantic/Reykjavik', ['01:00', '05:00']),
  city('bogota', 'Bogotá', 'America/Bogota', ['20:00', '23:59']),
  city('vienna', 'Vienna', 'Europe/Vienna', ['02:00', '06:00']),
  city('cairo', 'Cairo', 'Africa/Cairo', ['03:00', '07:00']),
  city('halifax', 'Halifax', 'America/Halifax', ['21:00', '01:00']),
];
