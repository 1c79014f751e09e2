import { identify } from '@ringwave/firmware-catalog/identify';
import { PROFILES, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type {
  FileAsked,
  Identity,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import type { PlanPhone, PlanRelease } from '@ringwave/protocol/messages';
import { type Id, id, type Mac, mac } from '@ringwave/protocol/units';
import { releaseIn } from '../image-needs.ts';
import { presentHop } from '../phone-update.ts';
import { phoneIn } from '../plan-index.ts';
import type { AgentTables, Work } from '../state.ts';

// What a request means to this site. Pure: the shell verifies logins, renders and serves.

export interface Request {
  readonly protocol: 'http' | 'tftp';
  /** Decoded once, no leading slash. */
  readonly path: string;
  readonly userAgent?: string;
}

export type Meaning =
  /** An image that this phone, whose slot is granted, was told to take. */
  | {
      readonly kind: 'image';
      readonly phone: PlanPhone;
      readonly identity: Identity;
      readonly release: PlanRelease;
      readonly image: PlanRelease['images'][number];
    }
  | {
      readonly kind: 'phone-config';
      readonly phone: PlanPhone;
      readonly identity: Identity;
      readonly profile: VendorProfile;
    }
  | {
      readonly kind: 'common-config';
      readonly phone: PlanPhone | undefined;
      readonly identity: Identity;
      readonly profile: VendorProfile;
    }
  /** A clean 404; still a sighting where the phone is known. */
  | { readonly kind: 'absent'; readonly phone: PlanPhone | undefined; readonly identity: Identity };

/** Where images lie below the agent's root. The MAC in it makes each transfer evidence of one phone. */
export const imageFolder = (phone: Mac, release: Id): string =>
  `fw/${phone.replaceAll(':', '')}/${release}`;

export function readRequest(tables: AgentTables, request: Request): Meaning {
  const { protocol, path, userAgent } = request;
  const identity = identify({ protocol, path: `/${path}`, ...(userAgent ? { userAgent } : {}) });
  if (path.startsWith('fw/')) return readImagePath(tables, path, identity);
  const own = phoneOf(tables, identity.mac);
  const found = meansWhat(path, own?.vendor ?? identity.vendor);
  if (found?.asked.kind === 'phone-config') {
    // The MAC in the path is the better key: it names whose file this is.
    const phone = phoneOf(tables, found.asked.mac);
    if (phone) return { kind: 'phone-config', phone, identity, profile: found.profile };
  }
  if (found?.asked.kind === 'common-config') {
    return { kind: 'common-config', phone: own, identity, profile: found.profile };
  }
  return { kind: 'absent', phone: own, identity };
}

function phoneOf(tables: AgentTables, asked: Mac | null): PlanPhone | undefined {
  if (!asked) return undefined;
  return phoneIn(tables.plan.get('plan')?.plan, asked);
}

/**
 * The vendor's own reading of the path; without a vendor, that of the only vendors who know the name. A phone of a vendor
 * that is not served is told of no file: another maker's, by the same name, would say nothing it understands.
 */
function meansWhat(
  path: string,
  vendor: string | null,
): { asked: FileAsked; profile: VendorProfile } | undefined {
  const known = vendor ? profileOf(vendor) : undefined;
  const readers = vendor === null ? PROFILES : known ? [known] : [];
  for (const profile of readers) {
    const file = profile.fileAsked(`/${path}`);
    if (file && file.kind !== 'other') return { asked: file, profile };
  }
  return undefined;
}

function readImagePath(tables: AgentTables, path: string, identity: Identity): Meaning {
  const [, macText, releaseText, ...rest] = path.split('/');
  const phone = phoneOf(tables, mac(macText ?? '') ?? null);
  const absent: Meaning = { kind: 'absent', phone, identity };
  const releaseId = id(releaseText ?? '');
  const plan = tables.plan.get('plan')?.plan;
  const work = phone && tables.work.get(phone.mac);
  if (!plan || !phone || !releaseId || !work || !mayTake(work, releaseId)) return absent;
  const release = releaseIn(plan, releaseId);
  const image = release?.images.find((one) => one.fileName === rest.join('/'));
  if (!release || !image || tables.images.get(image.sha256)?.state !== 'held') return absent;
  return { kind: 'image', phone, identity, release, image };
}

/** Only the owner of a slot takes an image. A phone that asks twice for its image is still the same start. */
const mayTake = (work: Work, release: Id): boolean =>
  presentHop(work) === release && ['offered', 'downloading', 'rebooting'].includes(work.phase);

/** The firmware that a phone's configuration names now; undefined: leave what runs. */
export function firmwareFor(tables: AgentTables, phone: PlanPhone) {
  const work = tables.work.get(phone.mac);
  const plan = tables.plan.get('plan')?.plan;
  if (!plan || !work || (work.phase !== 'offered' && work.phase !== 'downloading'))
    return undefined;
  const release = releaseIn(plan, presentHop(work));
  if (!release) return undefined;
  const fileName = entryFor(release, phone.model);
  const image = release.images.find((one) => one.fileName === fileName);
  const folder = imageFolder(phone.mac as Mac, release.id as Id);
  const { version } = release;
  return { version, folder, fileName, ...(image && { lengthBytes: image.lengthBytes }) };
}

/** The file a configuration names: the release's entry, or this model's own image where files differ by model. */
function entryFor(release: PlanRelease, model: string): string {
  const own = release.images.filter((image) => image.models?.includes(model));
  const named = own.find((image) => image.fileName === release.entry) ?? own[0];
  return named?.fileName ?? release.entry;
}
