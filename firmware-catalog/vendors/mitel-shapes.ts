// How the phones of Aastra, and of Mitel after it, speak and number (SIP administrator guides 2.6 to 6.4).

import type { RequestedFile } from '../requested-path.ts';
import { macIn } from './knowledge.ts';
import type { AgentClaim, Order, PathClaim } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, dotted, ordered } from './version-parts.ts';

/**
 * `Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP`, `Mitel6930 MAC:… V:6.4.0.140-SIP`; over SIP
 * `Aastra 6731i/3.2.2.2044`, `Mitel 6867i/5.1.0.1024`. The kind of image after the version is no part of it.
 */
export function readMitelAgent(
  userAgent: string,
  brand: 'Aastra' | 'Mitel',
): AgentClaim | undefined {
  const found =
    /^(Aastra|Mitel)[ -]?(\d{2,4}[itw]?(?: ?CT)?)(?:\/(\d[\d.]{2,20})(?:-SIP)?)?(?=\s|$)/i.exec(
      userAgent,
    );
  const [, word, model, afterSlash] = found ?? [];
  if (model === undefined || word?.toLowerCase() !== brand.toLowerCase()) return undefined;
  const marked = /\sV:(\d[\d.]{2,20})(?:-[A-Z]{2,8})?(?=\s|$)/.exec(userAgent)?.[1];
  const mac = /\sMAC:([0-9A-F-]{17}|[0-9A-F]{12})(?=\s|$)/i.exec(userAgent)?.[1];
  return {
    model: mitelModel(model),
    version: marked ?? afterSlash ?? null,
    mac: mac === undefined ? null : macIn(mac),
  };
}

/** 51i to 57i are the models 6751i to 6757i, written short. */
export function mitelModel(written: string): string {
  const model = /^5[1357]i/i.test(written) ? `67${written}` : written;
  return model.replace(/(?<=\d)[ITW]/, (letter) => letter.toLowerCase()).replace(/ ?ct$/i, ' CT');
}

/** `6867i.cfg`, `6930.st`: settings and images of a model; phones with an i before 69xx, without since. */
export function mitelModelFile({ name }: RequestedFile): PathClaim | undefined {
  const model = /^(6[789]\d{2}[itw]?(?:CT)?|9\d{3}i(?:CT)?|5[1357]i(?:CT)?)\.(?:cfg|st|tuz)$/i.exec(
    name,
  )?.[1];
  return model === undefined ? undefined : { model: mitelModel(model), ownName: true };
}

interface MitelVersion {
  readonly fields: readonly number[];
  /** Service pack, where the release is told by it and not by a build. */
  readonly servicePack: number | undefined;
  /** Hot fix, of the release or of its service pack: `R6.4.0.HF2`, `6.3 SP3 HF4`. */
  readonly hotFix: number | undefined;
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

const parsed = remembered((text: string): MitelVersion | null => {
  const found =
    /^R?(\d[\d.]{0,24}?)(?:[ .-]?SP(\d{1,2}))?(?:[ .-]?HF(\d{1,2}))?(?:-(\d{1,3}))?(?:-SIP)?$/i.exec(
      text,
    );
  const [, numbers = '', pack, fix, again] = found ?? [];
  const fields = dotted(numbers, 2, 4);
  if (!fields || (fields.length === 4 && (pack ?? fix) !== undefined)) return null;
  return {
    fields: again === undefined ? fields : [...fields, Number(again)],
    servicePack: numberOf(pack),
    hotFix: numberOf(fix),
  };
});

/**
 * a.b.c.build. Up to release 3 the builds of one release are in two ranges, below and from 5000, for two
 * groups of models, and say nothing of each other. A service pack and a build of one release neither.
 */
export const compareMitel = (a: string, b: string): Order =>
  ordered(a, b, (left, right) => {
    const from = parsed(left);
    const to = parsed(right);
    if (!from || !to) return 'incomparable';
    const release = compareFields(from.fields.slice(0, 3), to.fields.slice(0, 3));
    if (release !== 'same') return release;
    if (isNamed(from) || isNamed(to)) return compareNamed(from, to);
    return rangeOf(from) === rangeOf(to) || from.fields.length < 4 || to.fields.length < 4
      ? compareFields(from.fields, to.fields)
      : 'incomparable';
  });

const isNamed = ({ servicePack, hotFix }: MitelVersion): boolean =>
  servicePack !== undefined || hotFix !== undefined;

/** Service packs, and within one of them hot fixes; of the plain release nobody knows whether it has either. */
function compareNamed(a: MitelVersion, b: MitelVersion): Order {
  if (!isNamed(a) || !isNamed(b)) return 'incomparable';
  if ((a.servicePack === undefined) !== (b.servicePack === undefined)) return 'incomparable';
  const pack = compareFields([a.servicePack ?? 0], [b.servicePack ?? 0]);
  return pack === 'same' ? compareFields([a.hotFix ?? 0], [b.hotFix ?? 0]) : pack;
}

const rangeOf = ({ fields: [major = 0, , , build = 0] }: MitelVersion): 'low' | 'high' =>
  major <= 3 && build >= 5000 ? 'high' : 'low';
