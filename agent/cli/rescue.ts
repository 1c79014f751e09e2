import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { imageBytesMax } from '@ringwave/firmware-catalog/release';
import { RESCUE_NAMES } from '@ringwave/firmware-catalog/vendors/rescue-names';
import { type Id, laterBy, minutes, type Sha256 } from '@ringwave/protocol/units';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { wallClock } from '@ringwave/runtime/clock';
import { terminalLine } from '@ringwave/runtime/terminal-text';
import { releaseIn } from '../core/image-needs.ts';
import { granted, openGrants, rescueMinutesMax, rescueName } from '../core/rescue.ts';
import type { HeldPlan } from '../core/state.ts';
import { type Box, enrolledBox } from '../io/box.ts';
import {
  openRescueImages,
  replaceRescueGrants,
  rescueGrantsIn,
  rescueServings,
} from '../io/rescue-desk.ts';

export interface RescueFlags {
  readonly data: string;
  readonly image?: string;
  readonly release?: string;
  readonly file?: string;
  readonly for: string;
  readonly list?: boolean;
  readonly end?: boolean;
}

/** Servings shown by --list. */
const servingsShown = 20;

/** Opens a name for phones that no longer start, closes it, or shows what is open and what was taken. */
export async function rescue(name: string | undefined, flags: RescueFlags): Promise<void> {
  const box = enrolledBox(flags.data, 'cannot serve for a rescue');
  if (flags.list === true || name === undefined) return list(box);
  if (flags.end === true) return end(box, name);
  const asked = rescueName(name);
  if (asked === undefined) {
    throw new CliFault({
      what: `cannot open ${name}`,
      why: 'no phone asks for such a path',
      next: 'Write the name as the phone asks for it, without a stroke before it',
    });
  }
  const until = laterBy(wallClock().now(), minutes(minutesFrom(flags.for)));
  const image = await imageFor(box, flags);
  const before = rescueGrantsIn(box.folder);
  const grant = { name: asked, until, ...image };
  const grants = granted(before, grant, wallClock().now());
  if (!grants) {
    await replaceRescueGrants(box.folder, [...before, grant], before);
    const next = 'End one with: ringwave-agent rescue NAME --end';
    throw new CliFault({ what: `cannot open ${name}`, why: 'too many names are open', next });
  }
  await replaceRescueGrants(box.folder, before, grants);
  const known = RESCUE_NAMES.some((one) => one.name === asked);
  const doubt = known ? '' : '; no document known here tells of this name';
  const ends = new Date(until).toISOString();
  process.stdout.write(`${asked} is served until ${ends}, sha256 ${image.sha256}${doubt}\n`);
}

function list(box: Box): void {
  const open = openGrants(rescueGrantsIn(box.folder), wallClock().now());
  const lines = [
    ...open.map(
      ({ name, until, from }) =>
        `open  ${name} from ${from} until ${new Date(until).toISOString()}`,
    ),
    ...rescueServings(box.folder, servingsShown).map(
      ({ at, name, address, protocol, bytes, whole }) =>
        `taken ${name} by ${address} over ${protocol} at ${new Date(at).toISOString()}, ${bytes} bytes, ${whole ? 'whole' : 'not whole'}`,
    ),
    ...RESCUE_NAMES.map(({ vendor, models, name }) => `known ${name} (${vendor} ${models})`),
  ];
  process.stdout.write(`${lines.map(terminalLine).join('\n')}\n`);
}

async function end(box: Box, name: string): Promise<void> {
  const grants = rescueGrantsIn(box.folder);
  const left = grants.filter((grant) => grant.name !== name);
  if (left.length === grants.length) {
    const next = 'See what is open with: ringwave-agent rescue --list';
    throw new CliFault({ what: `${name} is not open`, next });
  }
  await replaceRescueGrants(box.folder, grants, left);
  process.stdout.write(`${name} is no longer served\n`);
}

function minutesFrom(text: string): number {
  const count = Number(text);
  if (/^\d{1,5}$/.test(text) && count >= 1 && count <= rescueMinutesMax) return count;
  throw new CliFault({
    what: `cannot read --for ${text}`,
    why: `it is not a number of minutes from 1 to ${rescueMinutesMax}`,
    next: 'Write for example --for 30',
  });
}

interface RescueImage {
  readonly sha256: Sha256;
  readonly lengthBytes: number;
  readonly from: string;
}

/** Puts the image among those for rescues, measured. */
async function imageFor(box: Box, flags: RescueFlags): Promise<RescueImage> {
  const { image, release } = flags;
  if ((image === undefined) === (release === undefined)) {
    throw new CliFault({
      what: 'cannot tell what to serve',
      why: 'one of --image and --release is needed',
      next: 'Write --image FILE, or --release ID for one that this box holds',
    });
  }
  return image === undefined ? ofRelease(box, release ?? '', flags.file) : ofFile(box, image);
}

async function ofFile(box: Box, image: string): Promise<RescueImage> {
  try {
    const lengthBytes = await lengthOf(image);
    // What somebody adds meanwhile is none of it: another length is refused when it is stored.
    const read = () => createReadStream(image, { end: lengthBytes });
    const hash = createHash('sha256');
    for await (const piece of read()) hash.update(piece as Buffer);
    const claim = { sha256: hash.digest('hex') as Sha256, lengthBytes };
    return await stored(box, { ...claim, from: image.slice(-255) }, read());
  } catch (error) {
    if (error instanceof CliFault) throw error;
    throw unreadable(image, reasonOf(error), error);
  }
}

/** A device or a pipe may have no end. */
async function lengthOf(image: string): Promise<number> {
  const found = await stat(image);
  if (!found.isFile()) throw unreadable(image, 'it is no plain file');
  if (found.size === 0) throw unreadable(image, 'it is empty');
  if (found.size <= imageBytesMax) return found.size;
  throw unreadable(image, `it is longer than the ${imageBytesMax / 1024 ** 3} GiB of an image`);
}

const unreadable = (image: string, why: string, cause?: unknown): CliFault =>
  new CliFault(
    { what: `cannot read ${image}`, why, next: 'Name an image that you may read' },
    cause,
  );

async function stored(
  box: Box,
  image: RescueImage,
  source: AsyncIterable<Uint8Array>,
): Promise<RescueImage> {
  const written = await (await openRescueImages(box.folder)).write(source, image);
  if (written.kind !== 'refused') return image;
  const next = 'Correct that, then open the name again';
  throw new CliFault({ what: `cannot keep ${image.from}`, why: written.fault, next });
}

async function ofRelease(
  box: Box,
  release: string,
  file: string | undefined,
): Promise<RescueImage> {
  const held = planIn(box);
  const found = held && releaseIn(held.plan, release as Id);
  const name = file ?? found?.entry;
  const image = found?.images.find(({ fileName }) => fileName === name);
  const opened =
    image && (await (await ImageStore.open(box.images)).openRead(image.sha256 as Sha256));
  if (!image || !opened) {
    throw new CliFault({
      what: `cannot serve release ${release}`,
      why: image
        ? 'this box does not hold its image'
        : 'the plan of this box has no such release or file',
      next: 'Bring the image and write --image FILE',
    });
  }
  const { sha256, lengthBytes } = image;
  const claim = { sha256: sha256 as Sha256, lengthBytes, from: `release ${release}` };
  return stored(box, claim, opened.handle.createReadStream());
}

function planIn(box: Box): HeldPlan | undefined {
  try {
    const database = new DatabaseSync(box.database, { readOnly: true });
    try {
      const row = database.prepare("SELECT body FROM row WHERE kind = 'plan' AND key = 'plan'");
      const found = row.get() as { body: string } | undefined;
      return found && (JSON.parse(found.body) as HeldPlan);
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}
