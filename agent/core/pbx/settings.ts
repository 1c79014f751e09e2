// The file of `--pbx`: which PBXs a site has, how its phones are woken, and what proves that a phone is idle or back.
import { type Problem, problemsOf, readJson } from '@ringwave/firmware-catalog/problems';
import { type DurationMs, minutes } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import { isAddress } from './registration.ts';
import { WAY_NAMES, type WayName } from '../wake/ways.ts';

/** Bytes of the file; one with eight PBXs has some 2,000. */
const fileBytesMax = 65_536;
const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: 253, pattern: '^[^\\r\\n\\0]*$', description });
const port = Type.Integer({ minimum: 1, maximum: 65_535 });
const strict = { additionalProperties: false };

const Pbx = Type.Object(
  {
    kind: Type.Enum(['asterisk', 'freeswitch', 'kamailio']),
    host: text('as the IP address of the PBX'),
    /** Of the manager interface, the event socket, or the JSON-RPC over HTTP. */
    port,
    user: Type.Optional(text('as the user of the manager interface')),
    password: Type.Optional(text('as the password of that user')),
    /** FreeSWITCH and Kamailio: the domain in which extensions are registered. */
    domain: Type.Optional(text('as the domain of the extensions')),
    /** FreeSWITCH: the Sofia profile. */
    profile: Type.Optional(text('as the Sofia profile, often internal')),
    /** Kamailio: where it takes SIP. */
    sipPort: Type.Optional(port),
    /** Phones register there only where the others are gone. */
    standby: Type.Optional(Type.Boolean()),
  },
  strict,
);

/** 16: a site has phones of a handful of vendors. */
const webLoginsMax = 16;

const SettingsFile = Type.Object(
  {
    pbxs: Type.Optional(Type.Array(Pbx, { maxItems: 8 })),
    ways: Type.Optional(Type.Array(Type.Enum([...WAY_NAMES]), { minItems: 1, maxItems: 5 })),
    idle: Type.Optional(Type.Array(Type.Enum(['dialog-event', 'pbx']), { maxItems: 2 })),
    registration: Type.Optional(Type.Array(Type.Enum(['pbx', 'options']), { maxItems: 2 })),
    pollMinutes: Type.Optional(Type.Integer({ minimum: 10, maximum: 240 })),
    callHistory: Type.Optional(Type.Boolean()),
    sipCa: Type.Optional(text('as the path of a PEM file')),
    webLogins: Type.Optional(
      Type.Array(
        Type.Object(
          {
            vendor: text('as a vendor of docs/vendors.md'),
            user: text('as the administrator of those phones'),
            password: text('as the password of that user'),
          },
          strict,
        ),
        { maxItems: webLoginsMax },
      ),
    ),
  },
  strict,
);

export type IdleSource = 'dialog-event' | 'pbx';
export type RegistrationSource = 'pbx' | 'options';
export type PbxSettings = PbxOf<'asterisk'> | PbxOf<'freeswitch'> | PbxOf<'kamailio'>;

type Needed<K extends keyof Static<typeof Pbx>> = Required<Pick<Static<typeof Pbx>, K>>;
type PbxOf<Kind extends 'asterisk' | 'freeswitch' | 'kamailio'> = Needed<'host' | 'port'> & {
  readonly kind: Kind;
  readonly standby?: boolean;
} & (Kind extends 'asterisk'
    ? Needed<'user' | 'password'>
    : Kind extends 'freeswitch'
      ? Needed<'password' | 'domain' | 'profile'>
      : Needed<'domain' | 'sipPort'>);

export interface WakeFile {
  readonly pbxs: readonly PbxSettings[];
  readonly ways: readonly WayName[];
  /** Asked in this order before a phone is woken; without any it is the phone that defers. */
  readonly idle: readonly IdleSource[];
  /** Asked in this order whether a phone that is back is registered. */
  readonly registration: readonly RegistrationSource[];
  /** How long a phone that could not be woken keeps its slot to come by itself; absent: not at all. */
  readonly pollTakesMax?: DurationMs;
  /** Minutes that phones spend in calls are counted by hour of the week; absent: nothing is. */
  readonly callHistory?: boolean;
  /** In the file its path; once it was opened the PEM text with the authority of phones' certificates. */
  readonly sipCa?: string;
  /** The administrators of phones' own web pages, by vendor, beside those that are kept sealed. */
  readonly webLogins?: readonly {
    readonly vendor: string;
    readonly user: string;
    readonly password: string;
  }[];
}

/** A site without a file. */
export const usualWakeFile: WakeFile = {
  pbxs: [],
  ways: ['sip-udp'],
  idle: [],
  registration: [],
};

export type SettingsRead =
  | { readonly ok: true; readonly file: WakeFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function readWakeFile(source: string): SettingsRead {
  const read = readJson(source, fileBytesMax);
  if ('problems' in read) return { ok: false, problems: read.problems };
  const problems = problemsOf(SettingsFile, read.value);
  if (problems.length > 0) return { ok: false, problems };
  const value = read.value as Static<typeof SettingsFile>;
  const pbxs = value.pbxs ?? [];
  const wrong = [...pbxs.flatMap(missingIn), ...contradictions(value)];
  if (wrong.length > 0) return { ok: false, problems: wrong };
  const { sipCa, pollMinutes } = value;
  return {
    ok: true,
    file: {
      pbxs: pbxs as readonly PbxSettings[],
      ways: (value.ways as readonly WayName[] | undefined) ?? usualWakeFile.ways,
      idle: (value.idle as readonly IdleSource[] | undefined) ?? [],
      registration: (value.registration as readonly RegistrationSource[] | undefined) ?? [],
      ...(sipCa === undefined ? {} : { sipCa }),
      ...(value.callHistory ? { callHistory: true } : {}),
      ...(value.webLogins ? { webLogins: value.webLogins } : {}),
      ...(pollMinutes === undefined ? {} : { pollTakesMax: minutes(pollMinutes) }),
    },
  };
}

const NEEDS = {
  asterisk: ['user', 'password'],
  freeswitch: ['password', 'domain', 'profile'],
  kamailio: ['domain', 'sipPort'],
} as const;

function missingIn(pbx: Static<typeof Pbx>, at: number): Problem[] {
  const path = `pbxs[${at}]`;
  const { kind } = pbx;
  const missing = NEEDS[kind]
    .filter((key) => pbx[key] === undefined)
    .map((key) => ({
      path: `${path}.${key}`,
      reason: `is missing, which ${kind} needs`,
      nextStep: `Add ${key}.`,
    }));
  if (isAddress(pbx.host)) return missing;
  const reason = `is ${JSON.stringify(pbx.host.slice(0, 60))}, which is a name`;
  const nextStep = 'Write the IP address: a name could come to mean another host.';
  return [...missing, { path: `${path}.host`, reason, nextStep }];
}

function contradictions(value: Static<typeof SettingsFile>): Problem[] {
  const wantsPbx = (['ways', 'idle', 'registration'] as const).filter((key) =>
    (value[key] as readonly string[] | undefined)?.includes('pbx'),
  );
  const found: Problem[] = [];
  if ((value.pbxs ?? []).length === 0) {
    for (const path of wantsPbx) {
      found.push({ path, reason: 'names pbx, and no PBX is told', nextStep: 'Add it to pbxs.' });
    }
  }
  if (value.pbxs?.length && value.pbxs.every(({ standby }) => standby)) {
    const reason = 'has standby PBXs alone';
    const nextStep = 'Leave standby out where phones register as long as it is up.';
    found.push({ path: 'pbxs', reason, nextStep });
  }
  const lacksIdle = (value.idle ?? []).length === 0;
  if (lacksIdle && (value.ways as readonly string[] | undefined)?.includes('http')) {
    const reason = 'names http, and nobody is asked whether a phone is idle';
    const nextStep = 'Say in idle who knows of calls: a phone that is told over HTTP may not wait.';
    found.push({ path: 'idle', reason, nextStep });
  }
  const tells = (value.pbxs ?? []).some(({ kind }) => kind !== 'kamailio');
  if (value.callHistory && !tells) {
    const reason = 'is wanted, and no PBX here tells of calls';
    const nextStep = 'Add an asterisk or a freeswitch to pbxs, or leave it out.';
    found.push({ path: 'callHistory', reason, nextStep });
  }
  return found;
}
