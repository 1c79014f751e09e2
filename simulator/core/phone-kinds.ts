// What a phone of a model does on the wire: the catalogue's facts of its line, and the quirks kept beside them. Every
// vendor of the catalogue has its kinds, served or not; a phone that cannot be served asks all the same.

import { knowledgeOf, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { filled, ownWords } from '@ringwave/firmware-catalog/vendors/boot-path';
import type { LineFacts, Trigger } from '@ringwave/firmware-catalog/vendors/line-facts';
import type {
  ConfigRead,
  PhoneFacts,
  UpdateDecision,
  VendorKnowledge,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import { type BootStep, KIND_QUIRKS, type KindQuirks, type TftpHabit } from './kind-quirks.ts';

export type Transport = 'http' | 'tftp';

/** A file to ask for, with the phone's own words in it. */
export interface KindFile {
  readonly protocol: Transport;
  readonly path: string;
  readonly means: BootStep['means'];
  readonly ifAbsent: readonly string[];
  readonly byLoader: boolean;
}

export interface PhoneKind {
  /** The vendor, as the catalogue spells it. */
  readonly name: string;
  readonly line: string;
  readonly compare: VendorKnowledge['compare'];
  readonly updateDecision: UpdateDecision;
  /** Whether a login that its whole configuration no longer mentions is forgotten. */
  readonly absentValue: 'keeps' | 'resets';
  readonly wakes: WakeTriggers;
  readonly tftp: TftpHabit;
  readonly takesImage: 'when-named' | 'after-files';
  files(phone: PhoneFacts, prefers?: Transport): readonly KindFile[];
  /** Paths of what it writes to the server once it has its files. */
  writes(phone: PhoneFacts): readonly string[];
  /** Undefined for a phone that sends none. */
  userAgent(phone: AgentPhone, by: 'application' | 'loader'): string | undefined;
  /** Whether a loader asks before the application, and thus for the image. */
  readonly hasLoader: boolean;
  readConfig(body: string, phone: PhoneFacts): ConfigRead;
  /** The name under which the phone asks for an image it was told of. */
  imageUrl(url: string, model: string): string;
}

export interface AgentPhone extends PhoneFacts {
  readonly version: string;
  readonly hardware?: string;
  /** What the loader calls its version; the kind's own where absent. */
  readonly loaderVersion?: string;
  /** Leaves its MAC out of its User-Agent, as some are set to. */
  readonly hidesMac?: boolean;
}

export interface NotifyTrigger {
  readonly event: string;
  readonly body?: string;
}

/** SIP NOTIFYs that phones of a line act on. */
export interface WakeTriggers {
  readonly reload: readonly NotifyTrigger[];
  readonly reboot: readonly NotifyTrigger[];
}

const usualTftp: TftpHabit = { blockBytes: 1428, asksLength: true };

/** Undefined where no vendor of the catalogue has this name, or none of its lines this model. */
export function kindOf(vendor: string, model: string): PhoneKind | undefined {
  const known = knowledgeOf(vendor);
  const line = known?.lines.find(({ hasModel }) => hasModel(model));
  if (!known || !line) return undefined;
  const quirks = KIND_QUIRKS[known.name]?.[line.line] ?? KIND_QUIRKS[known.name]?.[''] ?? {};
  const profile = profileOf(vendor);
  return {
    name: known.name,
    line: line.line,
    compare: (a, b, about) => known.compare(a, b, about),
    updateDecision: line.updateDecision,
    // The worse of the two where nobody knows: what an agent must be safe against.
    absentValue: line.absentValue === 'keeps' ? 'keeps' : 'resets',
    wakes: { reload: notifies(line.wake), reboot: notifies(line.reboot) },
    tftp: quirks.tftp ?? usualTftp,
    takesImage: quirks.takesImage ?? 'after-files',
    hasLoader: quirks.loader !== undefined,
    files: (phone, prefers) => filesOf(line, quirks, phone, prefers),
    writes: (phone) => (quirks.writes ?? []).map((path) => filled(path, ownWords(phone))),
    userAgent: (phone, by) => agentText({ line, quirks, profile }, phone, by),
    readConfig: (body, phone) => profile?.readConfig(body, phone) ?? {},
    imageUrl: (url, model) => partUrl(url, quirks.parts?.[model]),
  };
}

const notifies = (triggers: readonly Trigger[] | 'unknown'): readonly NotifyTrigger[] =>
  triggers === 'unknown'
    ? []
    : triggers.flatMap((trigger) =>
        trigger.by === 'sip-notify'
          ? [{ event: trigger.event, ...(trigger.body ? { body: trigger.body } : {}) }]
          : [],
      );

function filesOf(
  line: LineFacts,
  quirks: KindQuirks,
  phone: PhoneFacts,
  prefers: Transport | undefined,
): readonly KindFile[] {
  const steps: readonly BootStep[] =
    quirks.files ?? (line.bootFiles === 'unknown' ? [] : line.bootFiles);
  const words = { ...ownWords(phone), ...quirks.words?.(phone.model) };
  const named = (path: string) => filled(path, words);
  return (
    steps
      .map(({ protocols, path, means, ifAbsent = [], byLoader = false }) => ({
        protocol: protocols.find((one) => one === prefers) ?? protocols[0] ?? 'http',
        path: named(path),
        means,
        ifAbsent: ifAbsent.map(named),
        byLoader,
      }))
      // A name with a word that this model has not: a Yealink without a number of its own.
      .filter(({ path }) => !path.includes('{'))
  );
}

interface About {
  readonly line: LineFacts;
  readonly quirks: KindQuirks;
  readonly profile: VendorProfile | undefined;
}

function agentText(about: About, phone: AgentPhone, by: 'application' | 'loader') {
  const { line, quirks, profile } = about;
  if (line.userAgent === 'unknown') return undefined;
  const { loader } = quirks;
  const isLoader = by === 'loader' && loader !== undefined;
  const version = isLoader ? (phone.loaderVersion ?? loader.version) : phone.version;
  const words = { ...ownWords(phone), model: phone.model, version };
  const text = profile?.userAgent({ ...phone, version }) ?? filled(line.userAgent, words);
  const said = isLoader ? loader.userAgent(text) : text;
  return phone.hidesMac ? withoutMac(said, phone) : said;
}

function withoutMac(text: string, { mac }: PhoneFacts): string {
  const bare = mac.replaceAll(':', '');
  const forms = [mac, mac.toUpperCase(), bare, bare.toUpperCase()];
  const left = forms.reduce((rest, form) => rest.replaceAll(form, ''), text);
  return left.replace(/\s*\(\)|\s+MAC:(?=\s|$)|\s+DevId\s*$/g, '').trim();
}

/** Given `sip.ld`, a phone asks for its own part number's (UC Software administrators' guide). */
const partUrl = (url: string, part: string | undefined): string =>
  part === undefined ? url : url.replace(/(^|\/)(sip\.ld)$/, `$1${part}.$2`);
