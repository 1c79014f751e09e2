// Cisco enterprise phones (79xx, 89xx, 99xx, 78xx and 88xx under a call server). They send no useful
// User-Agent: the names they ask for, mostly over TFTP, are all there is.

import type { RequestedFile } from '../requested-path.ts';
import type { PathClaim } from './profile.ts';

/** The number in a load's name is the first model it was made for; some loads serve two. */
const LOAD_MODELS: Readonly<Record<string, readonly string[]>> = {
  '06': ['7906'],
  '11': ['7911', '7906'],
  '31': ['7931'],
  '41': ['7941', '7961'],
  '42': ['7942', '7962'],
  '45': ['7945', '7965'],
  '61': ['7961'],
  '62': ['7962'],
  '65': ['7965'],
  '70': ['7970', '7971'],
  '71': ['7971'],
  '75': ['7975'],
  '7905': ['7905'],
  '7912': ['7912'],
  '7921': ['7921'],
  '7937': ['7937'],
  '8941': ['8941'],
  '8945': ['8945'],
  '8961': ['8961'],
  '9951': ['9951'],
  '9971': ['9971'],
  '894x': ['8941', '8945'],
  '8845_65': ['8845', '8865'],
};

/** Named so by every phone of the line, with no model in the name. */
const COMMON =
  /^(?:xmldefault\.cnf\.xml|sepdefault\.cnf(?:\.xml)?|sipdefault\.cnf|os79xx\.txt|(?:itl|ctl)file\.tlv|dialplan\.xml|syncinfo\.xml|(?:distinctive)?ringlist\.(?:xml|dat)|featurepolicydefault\.xml|g3-tones\.xml|softkeydefault\.xml)$/i;
const PER_PHONE =
  /^(?:sep[0-9a-f]{12}\.cnf\.xml(?:\.enc)?(?:\.sgn)?|(?:ctl|itl)(?:sep)?[0-9a-f]{12}\.tlv(?:\.sgn)?|(?:sip|mgc|sep)[0-9a-f]{12}\.cnf)$/i;
const LOAD =
  /^(?:sip|sccp|term|apps|cnu|cvm|dsp|jar|rootfs|kern|sboot|skern)(\d{2,4}(?:x|_\d\d)?)(?:sip|sccp)?\.[\w.-]{1,60}$/i;
const LEGACY_LOAD = /^P0[0S]3[\dA-Z-]{6,12}\.(?:loads|sb2|sbn|bin)$/i;

export function readEnterpriseFile(file: RequestedFile): PathClaim | undefined {
  if (/^communicator$/i.test(file.folders.at(-1) ?? '')) return { model: 'CIPC', ownName: true };
  if (COMMON.test(file.name)) return { model: null, ownName: false };
  if (PER_PHONE.test(file.name)) return { model: null, ownName: true };
  if (LEGACY_LOAD.test(file.name)) {
    return { model: '7940', modelCandidates: ['7940', '7960'], ownName: true };
  }
  return /\.(?:loads|sbn|sebn)$/i.test(file.name) ? loadClaim(file.name) : undefined;
}

function loadClaim(name: string): PathClaim | undefined {
  const number = LOAD.exec(name)?.[1];
  if (number === undefined) return undefined;
  const recovery = /\.default\.loads$/i.test(name);
  const models = Object.hasOwn(LOAD_MODELS, number.toLowerCase())
    ? LOAD_MODELS[number.toLowerCase()]
    : undefined;
  const shared = !recovery && models !== undefined && models.length > 1;
  return {
    model: models?.[0] ?? null,
    ownName: true,
    ...(shared ? { modelCandidates: models } : {}),
  };
}

export const isLoadFile = (name: string): boolean =>
  /\.(?:loads|sbn|sebn|zz\.sgn)$/i.test(name) || LEGACY_LOAD.test(name);
