// The product tree of a CSAF document: nested branches, plain names, and products installed on others.

import { parseCpe } from '../cpe.ts';
import { addressMax, fieldsOf, recordsOf, textOf } from './json-reading.ts';

export interface CsafProduct {
  readonly vendor: string;
  readonly product: string;
  readonly version?: string;
  /** A range in words: `<=4.2`, or what is left of `vers:intdot/>=1.0|<2.0`. */
  readonly range?: string;
  readonly cpe?: string;
}

/** Levels of branches: vendor, family, product, version and some more; the standard sets no bound. */
const depthMax = 30;
/** Branches and products of one document; the longest lists of versions have some thousands. */
const nodesMax = 50_000;

type Fields = Readonly<Record<string, unknown>>;
interface Walk {
  readonly found: Map<string, CsafProduct>;
  nodes: number;
}

/** Products by their number in the document; undefined where the tree is deeper or longer than is read. */
export function readProductTree(value: unknown): Map<string, CsafProduct> | undefined {
  const tree = fieldsOf(value);
  const walk: Walk = { found: new Map(), nodes: 0 };
  if (!walkBranches(tree?.['branches'], { vendor: '', product: '' }, walk, 0)) return undefined;
  for (const one of recordsOf(tree?.['full_product_names'], nodesMax)) {
    keep(one, { vendor: '', product: '' }, walk);
  }
  for (const one of recordsOf(tree?.['relationships'], nodesMax)) relate(one, walk.found);
  return walk.found;
}

function walkBranches(branches: unknown, above: CsafProduct, walk: Walk, depth: number): boolean {
  if (!Array.isArray(branches)) return true;
  if (depth > depthMax) return false;
  for (const branch of recordsOf(branches, nodesMax)) {
    walk.nodes += 1;
    if (walk.nodes > nodesMax) return false;
    const here = narrowed(above, branch);
    const product = fieldsOf(branch['product']);
    if (product) keep(product, here, walk);
    if (!walkBranches(branch['branches'], here, walk, depth + 1)) return false;
  }
  return true;
}

function narrowed(above: CsafProduct, branch: Fields): CsafProduct {
  const name = textOf(branch['name'], 500);
  if (name === undefined) return above;
  switch (branch['category']) {
    case 'vendor':
      return { ...above, vendor: name };
    case 'product_family':
    case 'product_name':
      return { ...above, product: name };
    case 'product_version':
      return { ...above, version: name };
    case 'product_version_range':
      return { ...above, range: plainRange(name) };
    default:
      return above;
  }
}

/** `vers:generic/>=1.0|<2.0` is `>=1.0, <2.0`; text without a scheme stays. */
const plainRange = (name: string): string =>
  name.replace(/^vers:[a-z0-9.+-]{1,40}\//i, '').replaceAll('|', ', ');

function keep(value: Fields, above: CsafProduct, { found }: Walk): void {
  const id = textOf(value['product_id'], 500);
  if (id === undefined) return;
  const cpe = textOf(fieldsOf(value['product_identification_helper'])?.['cpe'], addressMax);
  const parsed = cpe === undefined ? undefined : parseCpe(cpe);
  const name = textOf(value['name'], 500) ?? '';
  found.set(id, {
    ...above,
    vendor: above.vendor || parsed?.vendor || name.split(' ', 1).join(''),
    product: above.product || parsed?.product || name,
    ...(cpe === undefined ? {} : { cpe }),
  });
}

/** Firmware installed on a phone: the phone's name with the firmware's versions. */
function relate(relationship: Fields, found: Map<string, CsafProduct>): void {
  const id = textOf(fieldsOf(relationship['full_product_name'])?.['product_id'], 500);
  const firmware = found.get(textOf(relationship['product_reference'], 500) ?? '');
  const phone = found.get(textOf(relationship['relates_to_product_reference'], 500) ?? '');
  if (id === undefined || !firmware || !phone) return;
  const isOn = /^(?:installed_on|default_component_of|optional_component_of|installed_with)$/;
  if (!isOn.test(String(relationship['category']))) return;
  const { version, range } = firmware;
  found.set(id, {
    vendor: phone.vendor,
    product: phone.product,
    ...(version === undefined ? {} : { version }),
    ...(range === undefined ? {} : { range }),
    ...(phone.cpe === undefined ? {} : { cpe: phone.cpe }),
  });
}
