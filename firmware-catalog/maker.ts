import { KNOWN_VENDORS, knowledgeOf } from './vendors/all.ts';
import type { LineFacts, SoldAs, Source } from './vendors/line-facts.ts';
import type { Identity, VendorName } from './vendors/profile.ts';
import { userAgentLengthMax } from './vendors/recognition.ts';

/** Who made a phone, whatever brand it carries: images and rules are the maker's. */
export interface Maker {
  readonly vendor: VendorName;
  /** As the maker spells it; absent where no document says which of the maker's models it is. */
  readonly model?: string;
  readonly line: string;
  readonly source: Source;
}

interface Brand {
  readonly vendor: VendorName;
  readonly line: LineFacts;
  readonly soldAs: SoldAs;
}

const BRANDS: readonly Brand[] = KNOWN_VENDORS.flatMap(({ name, lines }) =>
  lines.flatMap((line) => (line.soldAs ?? []).map((soldAs) => ({ vendor: name, line, soldAs }))),
);

/**
 * The maker's line of a phone that was identified, by what is documented of brands. A brand that `identify`
 * does not know is read from the start of the User-Agent. Undefined where nobody knows the line.
 */
export function makerOf(
  identity: Pick<Identity, 'vendor' | 'model'>,
  userAgent?: string,
): Maker | undefined {
  const { vendor, model } = identity;
  const brand = BRANDS.find(({ soldAs }) =>
    vendor === null ? begins(userAgent, soldAs.brand) : sells(soldAs, vendor, model),
  );
  if (brand) return madeFor(brand, model);
  if (vendor === null || model === null) return undefined;
  const known = knowledgeOf(vendor);
  const line = known?.lines.find(({ hasModel }) => hasModel(model));
  if (!known || !line) return undefined;
  return { vendor: known.name, model, line: line.line, source: line.sources[0] ?? '' };
}

const begins = (userAgent: string | undefined, brand: string): boolean =>
  userAgent !== undefined &&
  userAgent.length <= userAgentLengthMax &&
  userAgent.toLowerCase().startsWith(`${brand.toLowerCase()} `);

const sells = ({ brand, hasModel }: SoldAs, vendor: string, model: string | null): boolean =>
  brand.toLowerCase() === vendor.toLowerCase() &&
  (hasModel === undefined || (model !== null && hasModel(model)));

function madeFor({ vendor, line, soldAs }: Brand, model: string | null): Maker {
  // What follows the model is the brand's addition: `P810 IP PRO`.
  const own = model?.split(' ')[0] ?? '';
  const named = Object.entries(soldAs.models ?? {}).find(([name]) => name === own)?.[1];
  return {
    vendor,
    ...(named === undefined ? {} : { model: named }),
    line: line.line,
    source: soldAs.source,
  };
}
