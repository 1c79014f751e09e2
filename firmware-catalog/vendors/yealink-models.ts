// Which Yealink model asks for which file number and runs which image family. Numbers and families
// are two lists that only look alike (Yealink auto provisioning guide; names of published images).

/** The first number of every version that a model's images ever carried, oldest first. */
const FAMILIES: Readonly<Record<string, readonly number[]>> = {
  T18: [18],
  T18P: [18],
  T19P: [31],
  T19P_E2: [53],
  T20P: [9],
  T21P: [34],
  T21P_E2: [52],
  T22P: [7],
  T23G: [44],
  T23P: [44],
  T26P: [6],
  T27G: [69],
  T27P: [45],
  T28G: [2],
  T28P: [2],
  T29G: [46],
  T30: [124],
  T30P: [124],
  T31: [124],
  T31G: [124],
  T31P: [124],
  T31W: [124],
  T32G: [32],
  T33: [124],
  T33G: [124],
  T33P: [124],
  T34W: [124],
  T38G: [38],
  T40G: [76],
  T40P: [54],
  T41P: [36],
  T41S: [68, 66],
  T41U: [108],
  T42G: [29],
  T42S: [67, 66],
  T42U: [108],
  T43U: [108],
  T44U: [108],
  T44W: [108],
  T46G: [28],
  T46S: [66],
  T46U: [108],
  T48G: [35],
  T48S: [65, 66],
  T48U: [108],
  T49G: [51],
  T52S: [74, 70],
  T53: [95, 96],
  T53C: [95, 96],
  T53W: [95, 96],
  T54S: [70],
  T54W: [96],
  T56A: [58],
  T57W: [97, 96],
  T58: [58],
  T58A: [58],
  T58V: [58],
  T58W: [150],
  T73U: [185],
  T73W: [185],
  T74U: [185],
  T74W: [185],
  T77U: [185],
  T85W: [185],
  T87W: [185],
  T88V: [192],
  T88W: [192],
  VP59: [91],
  VP530: [23],
  VP530P: [23],
  CP860: [37],
  CP920: [78],
  CP925: [148],
  CP960: [73],
  CP965: [143],
  CP930W: [87],
  W52P: [25],
  W56P: [25],
  W60B: [77],
  W60P: [77],
  W70B: [146],
  W75B: [175],
  W75DM: [175],
  W80B: [103, 130],
  W80DM: [103],
  W90B: [130],
  W90DM: [130],
  AX83H: [180],
  AX86R: [180],
  W52H: [26],
  W53H: [88],
  W56H: [61],
  W57R: [118],
  W59R: [115],
  W71H: [120],
  W73H: [116],
  W74H: [119],
  W78H: [16],
};

/** `y0000000000NN.cfg`: the models that ask for number NN, the commonest first. */
const FILE_NUMBERS: ReadonlyMap<number, readonly string[]> = new Map([
  [0, ['T28P']],
  [4, ['T26P']],
  [5, ['T22P']],
  [7, ['T20P']],
  [23, ['VP530']],
  [25, ['W52P']],
  [28, ['T46G']],
  [29, ['T42G']],
  [31, ['T19P']],
  [32, ['T32G']],
  [34, ['T21P']],
  [35, ['T48G']],
  [36, ['T41P']],
  [37, ['CP860']],
  [38, ['T38G']],
  [44, ['T23G', 'T23P']],
  [45, ['T27P']],
  [46, ['T29G']],
  [51, ['T49G']],
  [52, ['T21P_E2']],
  [53, ['T19P_E2']],
  [54, ['T40P']],
  [56, ['T56A']],
  [58, ['T58A', 'T58V']],
  [65, ['T48S']],
  [66, ['T46S']],
  [67, ['T42S']],
  [68, ['T41S']],
  [69, ['T27G']],
  [70, ['T54S']],
  [73, ['CP960']],
  [74, ['T52S']],
  [76, ['T40G']],
  [77, ['W60B']],
  [78, ['CP920']],
  [91, ['VP59']],
  [95, ['T53W', 'T53']],
  [96, ['T54W']],
  [97, ['T57W']],
  [103, ['W80B', 'W80DM']],
  [107, ['T43U']],
  [108, ['T46U']],
  [109, ['T48U']],
  [116, ['T42U']],
  [123, ['T31G']],
  [124, ['T33G']],
  [127, ['T30P']],
  [130, ['W90DM', 'W90B']],
  [143, ['CP965']],
  [146, ['W70B']],
  [148, ['CP925']],
  [150, ['T58W']],
  [171, ['T34W']],
  [172, ['T31W']],
  [174, ['T44W']],
  [175, ['W75B', 'W75DM']],
  [180, ['AX83H']],
  [182, ['AX86R']],
  [183, ['T73W']],
  [184, ['T74W']],
  [186, ['T73U']],
  [187, ['T74U']],
  [188, ['T77U']],
  [192, ['T88W', 'T88V']],
  [196, ['T85W']],
  [197, ['T87W']],
]);

/**
 * Models whose images moved to a shared family: before this line each had its own number, from it on
 * they carry the shared one (T4xS images from V82, T5xW images from V85).
 */
const MERGED: readonly {
  readonly into: number;
  readonly from: readonly number[];
  readonly atLine: number;
}[] = [
  { into: 66, from: [65, 67, 68], atLine: 82 },
  { into: 96, from: [95, 97], atLine: 85 },
];

/** Families older than V70, whose early lines have low numbers; in all others a low line is another edition. */
const EARLY_FAMILIES: ReadonlySet<number> = new Set([
  2, 6, 7, 9, 18, 23, 25, 26, 31, 32, 34, 37, 38,
]);

export const familiesOf = (model: string): readonly number[] | undefined =>
  Object.hasOwn(FAMILIES, model) ? FAMILIES[model] : undefined;

export const modelsOfFamily = (family: number): string[] =>
  Object.keys(FAMILIES).filter((model) => FAMILIES[model]?.includes(family));

export const modelsOfFileNumber = (number: number): readonly string[] | undefined =>
  FILE_NUMBERS.get(number);

/** The number in `y0000000000NN.cfg`; undefined where none is known, so that no file is guessed. */
export function fileNumberOf(model: string): number | undefined {
  for (const [number, models] of FILE_NUMBERS) if (models.includes(model)) return number;
  return undefined;
}

/** The family that orders versions of different first numbers, and whether this one is from before the merger. */
export function lineage(family: number, line: number): { family: number; beforeMerger: boolean } {
  const merger = MERGED.find(({ into, from }) => into === family || from.includes(family));
  const isOwn = merger?.from.includes(family) ?? false;
  // An own number after the merger was never published: nothing is known of where it belongs.
  if (!merger || (isOwn && line >= merger.atLine)) return { family, beforeMerger: false };
  return { family: merger.into, beforeMerger: line < merger.atLine };
}

/**
 * Skype and Teams editions share the family number with the SIP line and carry low line numbers
 * (CP960: 73.8.x, 73.15.x beside 73.80.x and later); changing edition is not an upgrade.
 */
export function editionOf(family: number, line: number): 'sip' | 'teams' | 'skype' {
  if (line >= 60 || EARLY_FAMILIES.has(family)) return 'sip';
  return line >= 10 ? 'teams' : 'skype';
}
