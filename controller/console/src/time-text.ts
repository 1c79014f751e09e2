// Times as people read them. An instant is always shown in a named place with its offset from UTC.

const formats = new Map<string, Intl.DateTimeFormat>();

const SHOWN = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'shortOffset' },
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  year: { year: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

function formatFor(zone: string, kind: keyof typeof SHOWN): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    ...SHOWN[kind],
  });
  formats.set(key, made);
  return made;
}

/** "14:03 UTC+1". A zone that this browser does not know is shown in UTC, and says so. */
export function clockText(at: number, zone: string): string {
  try {
    const parts = formatFor(zone, 'clock').formatToParts(at);
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
    const offset = part('timeZoneName').replace('GMT', 'UTC');
    return `${part('hour')}:${part('minute')} ${offset === 'UTC+0' ? 'UTC' : offset}`;
  } catch {
    return clockText(at, 'UTC');
  }
}

/** "Thu 19 Nov"; "Tue 19 Jan 2027" where it is in another year there than now. */
export function dayText(at: number, zone: string, now: number): string {
  try {
    const day = formatFor(zone, 'day').format(at);
    const year = formatFor(zone, 'year').format(at);
    return year === formatFor(zone, 'year').format(now) ? day : `${day} ${year}`;
  } catch {
    return dayText(at, 'UTC', now);
  }
}

/** With the day where it is not today there. */
export function instantText(at: number, zone: string, now: number): string {
  const day = dayText(at, zone, now);
  const clock = clockText(at, zone);
  return day === dayText(now, zone, now) ? clock : `${day}, ${clock}`;
}

/** "14:03:22" in UTC. */
export const utcSeconds = (at: number): string => new Date(at).toISOString().slice(11, 19);

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "4 h 12 min": two units at most, seconds only below two minutes. */
export function spanText(lengthMs: number): string {
  const length = Math.max(0, lengthMs);
  if (length < 2 * minuteMs) return `${Math.round(length / 1000)} s`;
  if (length < hourMs) return `${Math.floor(length / minuteMs)} min`;
  if (length < dayMs) return twoUnits(length, hourMs, 'h', minuteMs, 'min');
  return twoUnits(length, dayMs, 'd', hourMs, 'h');
}

function twoUnits(length: number, big: number, bigWord: string, small: number, smallWord: string) {
  const rest = Math.floor((length % big) / small);
  const first = `${Math.floor(length / big)} ${bigWord}`;
  return rest === 0 ? first : `${first} ${rest} ${smallWord}`;
}

export const relativeText = (at: number, now: number): string => {
  if (Math.abs(at - now) < 1000) return 'now';
  return at > now ? `in ${spanText(at - now)}` : `${spanText(now - at)} ago`;
};

/** "1 phone", "2 phones". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
