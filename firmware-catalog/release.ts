// A release: one firmware version of one vendor for a set of models, as someone writes it down in a
// manifest and as the catalogue keeps it. `release.schema.json` is this file's schema, published.

import { createHash } from 'node:crypto';
import { nearest } from '@ringwave/protocol/nearest';
import { linePattern } from '@ringwave/protocol/schema-words';
import { type Bytes, bytes, type Id, id, type Sha256, sha256 } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import { nameProblems } from './genuine.ts';
import { type Problem, problemsMax, problemsOf, readJson } from './problems.ts';
import { PROFILES, profileOf } from './vendors/all.ts';
import { compareVersions } from './version.ts';

/** Bytes of one image. 2 GiB: the largest published Android desk-phone image has 0.9 GB. */
export const imageBytesMax = 2 * 1024 ** 3;
/** Bytes of a manifest's text; 64 images and 256 models need under 100 KiB. */
export const manifestBytesMax = 1024 ** 2;

export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

const Model = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}$',
  description: 'as phones name themselves, for example T46S',
});
const Version = Type.String({
  pattern: '^[0-9A-Za-z][0-9A-Za-z ._()+-]{0,63}$',
  description: 'as the vendor writes it',
});

const Image = Type.Object(
  {
    // No slash, so that a name can never leave its folder; control characters break every protocol.
    fileName: Type.String({
      pattern: '^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]{1,255}$',
      description: 'as a plain file name without folders',
    }),
    sha256: Type.String({ pattern: '^[0-9A-Fa-f]{64}$', description: 'as 64 hexadecimal digits' }),
    lengthBytes: Type.Integer({ minimum: 1, maximum: imageBytesMax, description: '(bytes)' }),
    models: Type.Optional(Type.Array(Model, { minItems: 1, maxItems: 256 })),
    url: Type.Optional(
      Type.String({ pattern: '^https?://[^\\s]{1,2000}$', description: 'as an http or https URL' }),
    ),
  },
  { additionalProperties: false },
);

export const ReleaseManifest = Type.Object(
  {
    schema: Type.Literal('ringwave/release/1'),
    vendor: Type.String({ minLength: 1, maxLength: 32 }),
    version: Version,
    models: Type.Array(Model, { minItems: 1, maxItems: 256, description: 'model' }),
    hardware: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$' }), {
        minItems: 1,
        maxItems: 64,
      }),
    ),
    images: Type.Array(Image, { minItems: 1, maxItems: 64, description: 'image' }),
    entry: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    namesDifferBecause: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        pattern: linePattern,
        description:
          'as one line without control characters: why the images carry names of another version or model',
      }),
    ),
    severity: Type.Enum([...SEVERITIES]),
    notes: Type.String({
      maxLength: 20_000,
      pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$',
      description: 'without control characters other than line breaks and tabs',
    }),
    releasedOn: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'as YYYY-MM-DD' }),
    ),
    requires: Type.Optional(
      Type.Object({ fromAtLeast: Type.Optional(Version) }, { additionalProperties: false }),
    ),
    oneWay: Type.Optional(Type.Boolean()),
  },
  {
    additionalProperties: false,
    $id: 'https://ringwave.invalid/schema/release/1',
    title: 'Ringwave release manifest',
  },
);
export type ReleaseManifest = Static<typeof ReleaseManifest>;

export interface ReleaseImage {
  readonly fileName: string;
  readonly sha256: Sha256;
  readonly lengthBytes: Bytes;
  /** The models this image is for; absent: all of the release. */
  readonly models?: readonly string[];
  readonly url?: string;
}

export interface Release {
  /** Follows from vendor, models, hardware, version and image digests: the same release has the same id. */
  readonly id: Id;
  readonly vendor: string;
  readonly version: string;
  readonly models: readonly string[];
  readonly hardware?: readonly string[];
  readonly images: readonly ReleaseImage[];
  /** The image a configuration names, for models that have no image of their own. */
  readonly entry: string;
  readonly severity: Severity;
  readonly notes: string;
  readonly releasedOn?: string;
  /** Someone has looked at names that say another version or model, and says why they are right. */
  readonly namesDifferBecause?: string;
  readonly requires?: { readonly fromAtLeast?: string };
  /** No way back from here (signed boot code, another edition). */
  readonly oneWay: boolean;
}

export type ParsedRelease =
  | { readonly release: Release; readonly problems?: undefined }
  | { readonly release?: undefined; readonly problems: readonly Problem[] };

/** Reads a manifest, text or already parsed; gives the release or every problem at once. */
export function parseRelease(manifest: unknown): ParsedRelease {
  const read =
    typeof manifest === 'string' ? readJson(manifest, manifestBytesMax) : { value: manifest };
  if ('problems' in read) return read;
  const shape = problemsOf(ReleaseManifest, read.value);
  const sense = looksLikeManifest(read.value) ? senseProblems(read.value) : [];
  const problems = [...shape, ...sense].slice(0, problemsMax);
  if (problems.length > 0) return { problems };
  const release = releaseOf(read.value as ReleaseManifest);
  const doubts = release.namesDifferBecause === undefined ? nameProblems(release) : [];
  return doubts.length > 0 ? { problems: doubts.slice(0, problemsMax) } : { release };
}

/** The images of a release that a phone of this model may ask for. */
export const imagesFor = (release: Pick<Release, 'images'>, model: string): ReleaseImage[] =>
  release.images.filter((image) => image.models?.includes(model) ?? true);

/** The image that the configuration of a phone of this model names; undefined if none is for it. */
export function entryFor(
  release: Pick<Release, 'images' | 'entry'>,
  model: string,
): ReleaseImage | undefined {
  const mine = imagesFor(release, model);
  return (
    mine.find((image) => image.models) ??
    mine.find((image) => image.fileName === release.entry) ??
    mine[0]
  );
}

/** Whether a phone of this model and hardware revision may run it; a named hardware must be known. */
export const isFor = (
  release: Pick<Release, 'vendor' | 'models' | 'hardware'>,
  phone: { readonly vendor: string; readonly model: string; readonly hardware?: string },
): boolean =>
  release.vendor === phone.vendor &&
  release.models.includes(phone.model) &&
  (release.hardware === undefined ||
    (phone.hardware !== undefined && release.hardware.includes(phone.hardware)));

function releaseOf(manifest: ReleaseManifest): Release {
  const { schema: _, images, entry, requires, oneWay = false, ...rest } = manifest;
  const kept = images.map(({ sha256: digest, lengthBytes, ...image }) => ({
    ...image,
    sha256: sha256(digest) as Sha256,
    lengthBytes: bytes(lengthBytes),
  }));
  const vendor = profileOf(manifest.vendor)?.name ?? manifest.vendor;
  return {
    ...rest,
    id: releaseId({ ...rest, vendor, images: kept }),
    vendor,
    images: kept,
    entry: entry ?? kept[0]?.fileName ?? '',
    oneWay,
    ...(requires === undefined ? {} : { requires }),
  };
}

/**
 * `yealink-t46s-and-3-66-86-0-15-9f3ac01d`: readable first, then 32 bits over everything that makes it
 * another release, because vendors re-release other bytes under the same version.
 */
function releaseId(
  release: Pick<Release, 'vendor' | 'models' | 'hardware' | 'version' | 'images'>,
): Id {
  const { vendor, models, hardware = [], version, images } = release;
  const [first = '', ...others] = models;
  const count = others.length === 0 ? '' : `-and-${others.length}`;
  const words = `${vendor}-${first}${count}-${version}`.toLowerCase();
  const slug = words
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 55)
    .replace(/-$/, '');
  const names = images.map(({ fileName, sha256: digest }) => [fileName, digest]);
  const content = JSON.stringify([
    vendor,
    [...models].sort(),
    [...hardware].sort(),
    version,
    names,
  ]);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return id(`${slug}-${hash}`) as Id;
}

type Draft = { readonly [K in keyof ReleaseManifest]?: unknown };

const looksLikeManifest = (value: unknown): value is Draft =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What no schema can say: that the parts fit each other. Parts of the wrong shape are passed over. */
function senseProblems(draft: Draft): Problem[] {
  return [
    ...vendorProblems(draft),
    ...versionProblems(draft),
    ...dateProblems(draft),
    ...imageProblems(draft),
  ];
}

function vendorProblems({ vendor }: Draft): Problem[] {
  if (typeof vendor !== 'string' || vendor === '' || profileOf(vendor)) return [];
  const names = PROFILES.map((profile) => profile.name);
  const close = nearest(vendor, names);
  return [
    {
      path: 'vendor',
      reason: `is ${JSON.stringify(vendor.slice(0, 32))}, whose versions nobody here can order`,
      nextStep: close === undefined ? `Known are: ${names.join(', ')}.` : `Did you mean ${close}?`,
    },
  ];
}

function versionProblems({ vendor, version, models, requires }: Draft): Problem[] {
  const floor = (requires as { fromAtLeast?: unknown } | undefined)?.fromAtLeast;
  if (typeof vendor !== 'string' || typeof version !== 'string' || typeof floor !== 'string')
    return [];
  const model = Array.isArray(models) && typeof models[0] === 'string' ? models[0] : undefined;
  const order = compareVersions(vendor, floor, version, model === undefined ? {} : { model });
  if (order === 'older') return [];
  const reason =
    order === 'incomparable'
      ? `is ${JSON.stringify(floor)}, which cannot be ordered against ${version}`
      : `is ${JSON.stringify(floor)}, which is not older than ${version}`;
  const nextStep = 'Name a version that comes before this release, or remove the requirement.';
  return [{ path: 'requires.fromAtLeast', reason, nextStep }];
}

function dateProblems({ releasedOn }: Draft): Problem[] {
  if (typeof releasedOn !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(releasedOn)) return [];
  const day = new Date(`${releasedOn}T00:00:00Z`);
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(releasedOn);
  if (isDay) return [];
  const reason = `is ${releasedOn}, which is no day`;
  return [{ path: 'releasedOn', reason, nextStep: 'Write a day of the calendar.' }];
}

function imageProblems({ images, models, entry }: Draft): Problem[] {
  if (!Array.isArray(images) || images.length > 64) return [];
  const named = images.map((image: unknown) => (looksLikeImage(image) ? image : {}));
  const names = named.map(({ fileName }) => (typeof fileName === 'string' ? fileName : undefined));
  const problems = [...doubledNames(names), ...foreignModels(named, models)];
  if (typeof entry === 'string' && !names.includes(entry)) {
    const close = nearest(
      entry,
      names.filter((name) => name !== undefined),
    );
    const nextStep = close === undefined ? 'Name one of the images.' : `Did you mean ${close}?`;
    problems.push({ path: 'entry', reason: 'names none of the images', nextStep });
  }
  return problems;
}

type ImageDraft = { readonly fileName?: unknown; readonly models?: unknown };
const looksLikeImage = (image: unknown): image is ImageDraft =>
  typeof image === 'object' && image !== null;

/** Some file systems and some phones do not tell `A.rom` from `a.rom`. */
function doubledNames(names: readonly (string | undefined)[]): Problem[] {
  const first = new Map<string, number>();
  return names.flatMap((name, place) => {
    if (name === undefined) return [];
    const earlier = first.get(name.toLowerCase());
    if (earlier === undefined) {
      first.set(name.toLowerCase(), place);
      return [];
    }
    const reason = `is the same file name as images[${earlier}] but for upper and lower case`;
    return [{ path: `images[${place}].fileName`, reason, nextStep: 'Name every image once.' }];
  });
}

function foreignModels(images: readonly ImageDraft[], models: unknown): Problem[] {
  if (!Array.isArray(models)) return [];
  const known = new Set<unknown>(models);
  const foreign = images.flatMap((image, place) =>
    (Array.isArray(image.models) ? image.models : [])
      .filter((model: unknown) => typeof model === 'string' && !known.has(model))
      .map((model: unknown) => ({
        path: `images[${place}].models`,
        reason: `names ${JSON.stringify(String(model).slice(0, 40))}, which the release is not for`,
        nextStep: 'Add the model to models, or take it out here.',
      })),
  );
  const served = new Set<unknown>(
    images.flatMap((image) => (Array.isArray(image.models) ? image.models : models)),
  );
  const unserved = models
    .filter((model: unknown) => typeof model === 'string' && !served.has(model))
    .map((model: unknown) => ({
      path: 'models',
      reason: `names ${JSON.stringify(String(model).slice(0, 40))}, for which there is no image`,
      nextStep: 'Add its image, or take the model out.',
    }));
  return [...foreign, ...unserved];
}
