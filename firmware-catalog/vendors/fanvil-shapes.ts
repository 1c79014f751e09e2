// How Fanvil's phones, and those it makes for others, speak and number (provisioning guide; release names).

import { type RequestedFile } from '../requested-path.ts';
import { brandWords, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim, Order, PathClaim } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, comparePatched, dotted, firstDecided, ordered } from './version-parts.ts';

const MODEL = /^(?:NP-)?[a-z]{1,4}\d{1,4}[a-z]{0,4}\d?(?:[- ](?:v\d|pro|lite|plus))?$/i;

/** Old lines name the platform before the application: `P0.18.23.89-2.4.5.2`. */
const PLATFORM_FORM = /^(P\d{1,4}(?:\.\d{1,5}){1,5}-\d{1,4}(?:\.\d{1,5}){1,5})$/i;

/** `Fanvil X5U-V2 2.12.16.17 0c383e32c10d`; the model may be of two words: `X6U Pro`. */
export const readFanvilAgent =
  (brand: RegExp) =>
  (userAgent: string): AgentClaim | undefined =>
    brandWords(userAgent, brand, MODEL, PLATFORM_FORM);

export const fanvilPhoneFile = (ouis: readonly string[]) =>
  ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:cfg|txt|xml)$/i);

/** `fanvil_x5u_v2_hwv2_0.txt` says which image is newest for a model on a hardware revision. */
const UPDATE_FILE =
  /^fanvil_([a-z]{1,3}\d{1,4}[a-z]{0,3})(?:_(v\d|pro|lite))?_hwv?(\d{1,2})_(\d{1,2})\.txt$/i;
/** `F0V00X5S0000.cfg`, `F0V10SV00000.cfg`: the model among zeros, the letter i left out. */
const NUMBERED = /^F0V0{0,3}([a-z]?\d{1,3}[a-z]{0,2}(?:V\d)?)0{4,5}\.cfg$/i;
const COMPACT = /^F0C0{0,3}(\d{2})0{4}\.cfg$/i;
const WITH_HARDWARE = /^F0([a-z]\d{1,3}[a-z]{0,3})hw(\d{1,2}\.\d{1,3})\.cfg$/i;

export function readFanvilFile({ name }: RequestedFile): PathClaim | undefined {
  const update = UPDATE_FILE.exec(name);
  if (update?.[1] !== undefined) {
    const model = withEdition(spelled(update[1]), update[2]);
    return { model, hardware: `${update[3]}.${update[4]}`, ownName: true };
  }
  const compact = COMPACT.exec(name)?.[1];
  if (compact !== undefined) return { model: `C${compact}`, ownName: true };
  const withHardware = WITH_HARDWARE.exec(name)?.[1];
  if (withHardware !== undefined) return { model: spelled(withHardware), ownName: true };
  if (/^[a-z]\w{1,12}(?:-v\d)?-fanvil-[\w.-]{8,100}\.z$/i.test(name))
    return { model: null, ownName: true };
  const numbered = name.length > 12 ? modelAmongZeros(name) : undefined;
  return numbered === undefined ? undefined : { model: numbered, ownName: true };
}

function modelAmongZeros(name: string): string | undefined {
  if (!NUMBERED.test(name)) return undefined;
  const padded = name.slice(3, -4);
  const inner = padded.replace(/^0+/, '').replace(padded.endsWith('00000') ? /0{5}$/ : /0{4}$/, '');
  const edition = /^(.*[a-z])(V\d)$/i.exec(inner);
  const stem = edition?.[1] ?? inner;
  if (/^x2$/i.test(stem)) return 'X210'; // X2 is written for the X210 (public catalogue of common files).
  const model = /^\d[A-Z]$/i.test(stem)
    ? `X${stem}`
    : /^\d{2}[a-z]/i.test(stem)
      ? `i${stem}`
      : stem;
  return withEdition(spelled(model), edition?.[2]);
}

/** Door phones carry a small i; X, H, V, W and C phones are written large. */
const spelled = (model: string): string =>
  /^i/i.test(model) ? `i${model.slice(1).toUpperCase()}` : model.toUpperCase();

/** `X210-Pro` and `X5U-V2`, but `V62Pro`. */
function withEdition(model: string, edition: string | undefined): string {
  if (edition === undefined) return model;
  const word = /^v/i.test(edition)
    ? edition.toUpperCase()
    : `${edition.slice(0, 1).toUpperCase()}${edition.slice(1).toLowerCase()}`;
  return model.startsWith('V') && !/^V\d$/.test(word) ? `${model}${word}` : `${model}-${word}`;
}

interface FanvilVersion {
  readonly application: readonly number[];
  /** `P0.18.23.89` before the dash: the platform below the application. */
  readonly platform: readonly number[];
  /** `6907-`: the hardware an image is for, in catalogues. */
  readonly hardware: string;
}

const parsed = remembered((text: string): FanvilVersion | null => {
  const found = /^(?:P(\d[\d.]{0,30})-|(6\d{3})-)?[TV]?(\d[\d.]{0,30})$/i.exec(text);
  const application = dotted(found?.[3] ?? '', 2, 5);
  const platform = found?.[1] === undefined ? [] : dotted(found[1], 2, 6);
  return application && platform ? { application, platform, hardware: found?.[2] ?? '' } : null;
});

/** The application decides, which is all a User-Agent shows; then the platform, where both are told. */
export const compareFanvil = (a: string, b: string): Order =>
  ordered(a, b, (left, right) => {
    const from = parsed(left);
    const to = parsed(right);
    if (!from || !to) return 'incomparable';
    if (from.hardware !== '' && to.hardware !== '' && from.hardware !== to.hardware) {
      return 'incomparable';
    }
    return firstDecided(
      comparePatched(from.application, to.application, 3),
      compareFields(from.platform, to.platform),
    );
  });
