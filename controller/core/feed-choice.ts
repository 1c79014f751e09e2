import { chooseFeed } from '@ringwave/firmware-catalog/feed-settings';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { nearest } from '@ringwave/protocol/nearest';

// The feeds that an operator wrote down, read once with everything that is wrong with them.

/** Kinds whose entries are announcements have settings; the others are told by their address alone. */
const ANNOUNCING = ['syndication', 'page', 'directory', 'wazo-pkgs'] as const;
const PLAIN = ['releases', 'advisories', 'csaf', 'nvd', 'kev', 'epss'] as const;
export const FEED_KINDS = [...ANNOUNCING, ...PLAIN] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

export interface FeedChoice {
  readonly name: string;
  readonly kind: FeedKind;
  readonly url: string;
  /** For `chooseFeed`, checked already. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Feeds of one controller; a fleet has phones of some ten vendors, each with a few lists. */
export const feedsMax = 200;
/** Bytes of the file they are written in. */
export const feedsFileBytesMax = 1024 ** 2;

export type FeedsRead =
  | { readonly feeds: readonly FeedChoice[] }
  | { readonly problems: readonly Problem[] };

type Fields = Readonly<Record<string, unknown>>;

/** Reads `[{kind, url, name?, …settings}]`, or `{"feeds": […]}`. */
export function readFeeds(value: unknown): FeedsRead {
  const list = Array.isArray(value) ? value : fieldsOf(value)?.['feeds'];
  if (!Array.isArray(list) || list.length > feedsMax) {
    const reason = Array.isArray(list) ? `names ${list.length} feeds` : 'is no list of feeds';
    const nextStep = `Write a JSON list of at most ${feedsMax} feeds: [{"kind": "kev", "url": "https://…"}].`;
    return { problems: [{ path: '', reason, nextStep }] };
  }
  const feeds: FeedChoice[] = [];
  const problems: Problem[] = [];
  for (const [place, entry] of list.entries()) {
    const wrong = feedProblems(entry, feeds);
    problems.push(...wrong.map((one) => ({ ...one, path: pathOf(place, one.path) })));
    if (wrong.length === 0) feeds.push(choiceOf(entry as Fields, feeds));
  }
  return problems.length > 0 ? { problems } : { feeds };
}

/** Feeds that are told by kind and address alone. */
export function plainFeeds(
  told: readonly { readonly kind: 'releases' | 'advisories'; readonly url: string }[],
  before: readonly FeedChoice[] = [],
): FeedChoice[] {
  const feeds = [...before];
  for (const one of told) feeds.push(choiceOf(one, feeds));
  return feeds;
}

const pathOf = (place: number, path: string): string =>
  path === '' ? `feeds[${place}]` : `feeds[${place}].${path}`;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;

function feedProblems(entry: unknown, others: readonly FeedChoice[]): Problem[] {
  const fields = fieldsOf(entry);
  if (!fields) return [problem('', 'is no feed', 'Write {"kind": …, "url": …}.')];
  const { kind, url, name, ...settings } = fields;
  const problems = nameProblems(name, others);
  if (!isAddress(url)) {
    const reason = url === undefined ? 'is missing' : `is ${shown(url)}, no http or https address`;
    problems.push(problem('url', reason, 'Write it like https://firmware.example.org/list.json.'));
  }
  if (!isKind(kind)) {
    const hint = typeof kind === 'string' ? nearest(kind, FEED_KINDS) : undefined;
    const next = hint ? `Did you mean ${hint}?` : `Write one of: ${FEED_KINDS.join(', ')}.`;
    return [...problems, problem('kind', `is ${shown(kind)}, which no feed is`, next)];
  }
  return [...problems, ...settingProblems(kind, settings)];
}

function nameProblems(name: unknown, others: readonly FeedChoice[]): Problem[] {
  if (name === undefined) return [];
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,64}$/.test(name)) {
    const next = 'Use 1 to 64 lower-case letters, digits and dashes, or leave it out.';
    return [problem('name', `is ${shown(name)}`, next)];
  }
  if (others.every((other) => other.name !== name)) return [];
  return [problem('name', `${name} is the name of another feed`, 'Give each a name of its own.')];
}

function settingProblems(kind: FeedKind, settings: Fields): readonly Problem[] {
  if (isAnnouncing(kind)) {
    const chosen = chooseFeed({ kind, ...settings });
    return 'problems' in chosen ? chosen.problems : [];
  }
  return Object.keys(settings).map((key) =>
    problem(key.slice(0, 60), `is no setting of ${kind}`, 'Take it out: it has none.'),
  );
}

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 80);

const isKind = (kind: unknown): kind is FeedKind => FEED_KINDS.some((one) => one === kind);
export const isAnnouncing = (kind: FeedKind): kind is (typeof ANNOUNCING)[number] =>
  ANNOUNCING.some((one) => one === kind);

/** Characters of an address; browsers and servers take some thousands. */
const addressLengthMax = 2000;

const isAddress = (url: unknown): url is string =>
  typeof url === 'string' &&
  url.length <= addressLengthMax &&
  URL.canParse(url) &&
  /^https?:$/.test(new URL(url).protocol);

function choiceOf(fields: Fields, others: readonly FeedChoice[]): FeedChoice {
  const { kind, url, name, ...settings } = fields as Fields & { kind: FeedKind; url: string };
  const own = typeof name === 'string' ? name : freeName(kind, url, others);
  return { name: own, kind, url, settings: { kind, ...settings } };
}

/** `csaf-wid-cert-bund-de`; a second one of that kind and host ends in `-2`. */
function freeName(kind: FeedKind, url: string, others: readonly FeedChoice[]): string {
  const host = new URL(url).host.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const name = `${kind}-${host}`.slice(0, 56).replace(/-+$/, '');
  for (let number = 1; ; number += 1) {
    const tried = number === 1 ? name : `${name}-${number}`;
    if (others.every((other) => other.name !== tried)) return tried;
  }
}
