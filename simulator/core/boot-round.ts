// One look of a phone at its files: which it asks for, in which order, and what they told it. A phone
// asks for its vendor's names in its vendor's order and then for whatever those files name; a file that
// is not there is normal.

import type {
  AgentAddress,
  BootFile,
  ConfigRead,
  PhoneFacts,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import type { DemoImage } from './demo-image.ts';

/** One file on one server. `path` begins with a slash and is escaped as in a URL. */
export interface Ask {
  readonly protocol: 'http' | 'tftp';
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export interface BootRound {
  /** Still to be asked for, first one first. */
  readonly todo: readonly Ask[];
  readonly asked: readonly Ask[];
  /** Later files overrule earlier ones. */
  readonly told: Omit<ConfigRead, 'include'>;
}

/** Files of one round; the vendors here need up to five. A loop of includes ends here. */
export const filesPerRoundMax = 16;

export const beginRound = (
  profile: VendorProfile,
  phone: PhoneFacts,
  agent: AgentAddress,
): BootRound => ({
  todo: profile.bootFiles(phone).map((file) => onAgent(file, agent)),
  asked: [],
  told: {},
});

const onAgent = ({ protocol, path }: BootFile, agent: AgentAddress): Ask => ({
  protocol,
  host: agent.host,
  port: protocol === 'http' ? agent.httpPort : agent.tftpPort,
  path,
});

/** The round after its first file was asked for; `body` is undefined where the server did not give it. */
export function afterFile(
  round: BootRound,
  body: string | undefined,
  about: { profile: VendorProfile; phone: PhoneFacts },
): BootRound {
  const [ask, ...rest] = round.todo;
  if (!ask) return round;
  const asked = [...round.asked, ask];
  if (body === undefined) return { ...round, todo: within(rest, asked), asked };
  const { include = [], ...told } = about.profile.readConfig(body, about.phone);
  const named = include
    .map((name) => askFrom(name, ask))
    .filter((one) => one !== undefined)
    .filter((one) => ![...asked, ...rest].some((other) => isSame(one, other)));
  return { todo: within([...named, ...rest], asked), asked, told: { ...round.told, ...told } };
}

const within = (todo: readonly Ask[], asked: readonly Ask[]): readonly Ask[] =>
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

export interface RunningPhone extends PhoneFacts {
  readonly version: string;
}

/** Whether a phone that is offered this firmware begins to fetch it. */
export function beginsToTake(
  profile: VendorProfile,
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
  profile: VendorProfile,
  phone: RunningPhone,
  header: Pick<DemoImage, 'vendor' | 'version'>,
): HeaderVerdict {
  if (header.vendor !== profile.name) return 'foreign';
  const order = profile.compare(phone.version, header.version, { model: phone.model });
  if (order === 'incomparable') return 'foreign';
  if (order === 'same') return 'runs-already';
  return profile.updateDecision === 'newer' && order === 'newer' ? 'runs-already' : 'install';
}

const isNewer = (profile: VendorProfile, phone: RunningPhone, version: string): boolean =>
  profile.compare(phone.version, version, { model: phone.model }) === 'older';
