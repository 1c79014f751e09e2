import { imageNameLengthMax } from './vendors/image-name.ts';

/** Versions in a name of which no vendor's reading is known: three numbers or more with dots between. */
const DOTTED = /\d{1,6}(?:\.\d{1,6}){2,7}/g;

/**
 * The version in the name of a file where it is another than the one declared; undefined where they
 * agree or the name does not tell. A name that has only the first fields of the version, or only the last
 * (Gigaset leaves out the product: `83.V2.65.0` is `V2.65.0`), names the same one.
 */
export function otherVersionIn(fileName: string, declared: string): string | undefined {
  const name = fileName.slice(0, imageNameLengthMax);
  const wanted = numbersOf(declared);
  if (wanted === '') return undefined;
  // The first number may stand right behind a model: `x22.14.0.7386` is 2.14.0.7386 of the X2.
  const numbers = `${numbersOf(name)}.`;
  if (numbers.includes(`${wanted}.`)) return undefined;
  const found = name.match(DOTTED) ?? [];
  const others = found.filter((one) => {
    const said = numbersOf(one);
    return !`${wanted}.`.startsWith(`${said}.`) && !wanted.endsWith(`.${said}`);
  });
  return others.length > 0 && others.length === found.length ? others[0] : undefined;
}

/** `R6_4_0-SP1` as `6.4.0.1`. */
const numbersOf = (text: string): string => (text.match(/\d+/g) ?? []).join('.');
