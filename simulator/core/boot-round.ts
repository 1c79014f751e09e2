// One look of a phone at its files: which it asks for, in which order, and what they told it. A phone
// asks for its line's names in its line's order and then for whatever those files name; a file that
// is not there is normal, and only a clean "there is none" makes a phone try the name behind it.

import type {
  AgentAddress,
  ConfigRead,
  PhoneFacts,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import type { DemoImage } from './demo-image.ts';
import type { KindFile, PhoneKind, Transport } from './phone-kinds.ts';

/** One file on one server. `path` begins with a slash and is escaped as in a URL. */
export interface Ask {
  readonly protocol: Transport;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The loader asks, not the application. */
  readonly byLoader?: boolean;
}

interface Step extends Ask {
  readonly means?: KindFile['means'];
  readonly ifAbsent?: readonly string[];
}

/** What came of asking for one file. */
export type FileGot =
  | { readonly kind: 'body'; readonly body: string }
  /** Cleanly not there: HTTP 404 or 410, TFTP error 1. */
  | { readonly kind: 'absent' }
  /** It may be there, so nothing else stands in for it. */
  | { readonly kind: 'refused' }
  /** The same, and the server said to come again, perhaps also when. */
  | { readonly kind: 'put-off'; readonly retryAfterSeconds?: number };

export interface BootRound {
  /** Still to be asked for, first one first; `nextAsk` leaves out what needs not be asked. */
  readonly todo: readonly Step[];
  readonly asked: readonly Ask[];
  /** Paths that are cleanly not there. */
  readonly absent: readonly string[];
  /** Some file of its own was read. */
  readonly hasOwn: boolean;
  /** Every file was read or is cleanly not there. */
  readonly isWhole: boolean;
  /** The last word of a server that put the phone off. */
  readonly putOff?: { readonly seconds: number | undefined };
  /** Later files overrule earlier ones. */
  readonly told: Omit<ConfigRead, 'include'>;
}

/** Files of one round; the vendors here need up to seven. A loop of includes ends here. */
export const filesPerRoundMax = 16;

export const beginRound = (
  kind: Pick<PhoneKind, 'files'>,
  phone: PhoneFacts,
  agent: AgentAddress,
  prefers?: Transport,
): BootRound => ({
  todo: kind.files(phone, prefers).map((file) => onAgent(file, agent)),
  asked: [],
  absent: [],
  hasOwn: false,
  isWhole: true,
  told: {},
});

const onAgent = (file: KindFile, agent: AgentAddress): Step => ({
  ...file,
  host: agent.host,
  port: file.protocol === 'http' ? agent.httpPort : agent.tftpPort,
});

/** The round without the names that stand in for files it was given, or was refused. */
export function pruned(round: BootRound): BootRound {
  const at = round.todo.findIndex(({ ifAbsent = [] }) =>
    ifAbsent.every((path) => round.absent.includes(path)),
  );
  return { ...round, todo: at < 0 ? [] : round.todo.slice(at) };
}

/** The round after its first file was asked for. */
export function afterFile(
  round: BootRound,
  got: FileGot,
  about: { kind: Pick<PhoneKind, 'readConfig'>; phone: PhoneFacts },
): BootRound {
  const [step, ...rest] = round.todo;
  if (!step) return round;
  const asked = [...round.asked, step];
  const next = { ...round, todo: within(rest, asked), asked };
  if (got.kind === 'absent') return { ...next, absent: [...round.absent, step.path] };
  if (got.kind === 'refused') return { ...next, isWhole: false };
  if (got.kind === 'put-off') {
    return { ...next, isWhole: false, putOff: { seconds: got.retryAfterSeconds } };
  }
  const { include = [], ...told } = about.kind.readConfig(got.body, about.phone);
  const named = include
    .map((name) => askFrom(name, step))
    .filter((one) => one !== undefined)
    .filter((one) => ![...asked, ...rest].some((other) => isSame(one, other)))
    .map((one): Step => ({ ...one, means: 'phone-config' }));
  const hasOwn = round.hasOwn || step.means === 'phone-config';
  const todo = within([...named, ...rest], asked);
  return { ...next, todo, hasOwn, told: { ...round.told, ...told } };
}

const within = (todo: readonly Step[], asked: readonly Ask[]): readonly Step[] =>
  todo.slice(0, Math.max(0, filesPerRoundMax - asked.length));

const isSame = (a: Ask, b: Ask): boolean =>
  a.protocol === b.protocol && a.host === b.host && a.port === b.port && a.path === b.path;

const DEFAULT_PORTS = { http: 80, tftp: 69 } as const;

/** A URL, or a path on the server that named it; undefined for what a phone here cannot fetch. */
export function askFrom(name: string, base: Ask): Ask | undefined {
  const root = `${base.protocol}://${base.host.includes(':') ? `[${base.host}]` : base.host}:${base.port}/`;
  if (!URL.canParse(name, root)) return undefined;
  const url = new URL(name, root);
  const protocol = url.protocol.slice(0, -1);
  if ((protocol !== 'http' && protocol !== 'tftp') || url.hostname === '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port);
  return { protocol, host, port, path: `${url.pathname}${url.search}` };
}

/** The file beside another one, as the parts of a .loads file are. */
export const beside = (ask: Ask, fileName: string): Ask => ({
  ...ask,
  path: `${ask.path.slice(0, ask.path.lastIndexOf('/') + 1)}${encodeURIComponent(fileName)}`,
});

/** What of a kind decides on an update. */
export type Decider = Pick<VendorProfile, 'name' | 'updateDecision' | 'compare'>;

export interface RunningPhone extends PhoneFacts {
  readonly version: string;
}

/** Whether a phone that is offered this firmware begins to fetch it. */
export function beginsToTake(
  profile: Decider,
  phone: RunningPhone,
  firmware: NonNullable<ConfigRead['firmware']>,
): boolean {
  switch (profile.updateDecision) {
    case 'asks-user':
      return false;
    case 'always':
      return true;
    case 'differs':
      return firmware.version !== phone.version;
    // Where no document tells: what all take that do not ask.
    case 'unknown':
    case 'newer':
      return firmware.version === undefined || isNewer(profile, phone, firmware.version);
    default:
      return profile.updateDecision satisfies never;
  }
}

export type HeaderVerdict = 'install' | 'runs-already' | 'foreign';

/**
 * What a phone makes of an image once it has seen its header: its own version is not flashed again, and
 * another vendor's image or one of another family (a Yealink 108 on a T46S) is refused.
 */
export function judgeHeader(
  profile: Decider,
  phone: RunningPhone,
  header: Pick<DemoImage, 'vendor' | 'version'>,
): HeaderVerdict {
  if (header.vendor !== profile.name) return 'foreign';
  const order = profile.compare(phone.version, header.version, { model: phone.model });
  if (order === 'incomparable') return 'foreign';
  if (order === 'same') return 'runs-already';
  return takesNewerOnly(profile) && order === 'newer' ? 'runs-already' : 'install';
}

const takesNewerOnly = ({ updateDecision }: Decider): boolean =>
  updateDecision === 'newer' || updateDecision === 'unknown';

const isNewer = (profile: Decider, phone: RunningPhone, version: string): boolean =>
  profile.compare(phone.version, version, { model: phone.model }) === 'older';
