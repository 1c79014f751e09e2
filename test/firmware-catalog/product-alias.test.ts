import {
  isOfProduct,
  modelKey,
  namesOf,
  readProduct,
} from '@ringwave/firmware-catalog/product-alias';
import * as fc from 'fast-check';
import { test } from 'tap';

/** What a wording is read as: vendor, names, what is left out, firmware. */
function read(vendor: string, wording: string): string {
  const found = readProduct(vendor, wording);
  if (found.kind === 'unknown') return `unknown: ${found.reason}`;
  if (found.kind === 'not-a-phone') return `${found.vendor}, ${found.class}`;
  const names = found.products.map(({ name }) => name).join(' ');
  const except = found.except.map(({ name }) => ` -${name}`).join('');
  return `${found.vendor}: ${names}${except}${found.firmware ? ` (${found.firmware})` : ''}`;
}

const wordings: readonly (readonly [vendor: string, wording: string, read: string])[] = [
  ['Cisco', '8851', 'Cisco: 8851'],
  ['Cisco Systems, Inc.', 'IP Phone 7800 Series', 'Cisco: 7800 series'],
  ['Cisco', '8800 series (not 8821)', 'Cisco: 8800 series -8821'],
  ['Cisco', '7800/8800 desk', 'Cisco: 7800 series 8800 series'],
  ['Cisco', '6800 Series with Multiplatform Firmware', 'Cisco: 6800 MPP'],
  ['Cisco', 'MPP', 'Cisco: MPP'],
  ['Cisco', 'PhoneOS 8875', 'Cisco: 8875'],
  ['Cisco', 'SPA500 series', 'Cisco: SPA500 series'],
  ['cisco', 'ip_phone_8851_firmware', 'Cisco: 8851'],
  ['cisco', 'unified_ip_phone_7945g', 'Cisco: 7945G'],
  ['Cisco', 'Unified Communications Manager', 'Cisco, call-server'],
  ['HP Poly', 'Trio 8500/8800', 'Polycom: Trio8500 Trio8800'],
  ['Polycom', 'SoundPoint IP 650', 'Polycom: SPIP650'],
  ['polycom', 'vvx_250_firmware', 'Polycom: VVX250'],
  ['HP', 'VVX 300 series', 'Polycom: VVX300 series'],
  ['Mitel', '6800, 6900 and 6900w series', 'Mitel: 6800 series 6900 series 6900w series'],
  ['Mitel', '6900 series MiNet except 6970', 'Mitel: 6900 series -6970 (minet)'],
  ['mitel', '6867i_sip_firmware', 'Mitel: 6867i'],
  ['Grandstream Networks', 'GXP16xx', 'Grandstream: GXP16XX series'],
  ['Grandstream', 'UCM6202', 'Grandstream, other-device'],
  ['Yealink', 'SIP-T19P E2', 'Yealink: T19P_E2'],
  ['yealink', 'sip-t19p_e2_firmware', 'Yealink: T19P_E2'],
  ['Yealink', 'VP59 (Teams)', 'Yealink: VP59 (teams)'],
  ['Yealink', 'Device Management Platform', 'Yealink, management'],
  ['Yealink', 'Config Encrypt Tool (RSA)', 'Yealink, tooling'],
  ['n/a', 'Yealink SIP-T46S', 'Yealink: T46S'],
  ['AudioCodes', '400HD series desk phones', 'AudioCodes: 400HD series'],
  ['Unify', 'OpenScape CP IP phones', 'Unify: OpenScape Desk Phone CP'],
  ['Alcatel-Lucent Enterprise', 'ALE-300/400', 'Alcatel-Lucent: ALE-300 ALE-400'],
  ['Avaya', '9600 series (H.323)', 'Avaya: 9600 series (h323)'],
  ['Snom', 'D7xx series', 'Snom: D7XX series'],
];

test('the words of advisories and CPE names are read as vendors, models, series and lines', (t) => {
  for (const [vendor, wording, wanted] of wordings) t.equal(read(vendor, wording), wanted, wording);
  t.end();
});

test('what no alias knows stays a wording with a reason', (t) => {
  t.equal(read('Acme', 'Desk 5'), 'unknown: vendor "Acme" is not known here');
  t.equal(read('n/a', 'n/a'), 'unknown: vendor "n/a" is not known here');
  t.equal(
    read('Yealink', 'SIP phones (unspecified)'),
    'unknown: "SIP phones (unspecified)" names no model or series',
  );
  t.equal(
    read('Cisco', '8851 and Banana'),
    'unknown: "banana" is no model, series or line known of Cisco',
  );
  t.equal(read('Cisco', 'x'.repeat(501)), 'unknown: is longer than 500 characters');
  t.end();
});

test('a model of the right shape that no list has is placed, and marked', (t) => {
  const found = readProduct('Yealink', 'T99Q');
  t.same(found.kind === 'phones' && found.products, [
    { name: 'T99Q', models: ['T99Q'], isUnlisted: true },
  ]);
  t.end();
});

test('a series holds models that no list has yet, and not those of other shapes', (t) => {
  const series = { name: '7800 series', models: ['7811'] };
  t.ok(isOfProduct('Cisco', series, modelKey('7899')));
  t.notOk(isOfProduct('Cisco', series, modelKey('8811')));
  t.notOk(isOfProduct('Cisco', series, modelKey('7899banana')));
  t.ok(isOfProduct('Polycom', { name: 'VVX', models: [] }, modelKey('VVX_450')));
  t.end();
});

test('Aastra is the same make as Mitel', (t) => {
  t.equal(namesOf('Aastra')?.vendor, 'Mitel');
  t.end();
});

test('any wording gets an answer', (t) => {
  const word = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('8800', 'series', '(not', ')', '/', 'MPP', 'GXP16xx', 'T4x', 'not', ',', '\\'),
  );
  fc.assert(
    fc.property(fc.constantFrom('Cisco', 'Yealink', 'n/a', ''), fc.array(word), (vendor, words) =>
      ['phones', 'not-a-phone', 'unknown'].includes(readProduct(vendor, words.join(' ')).kind),
    ),
    { seed: 20_260_122 },
  );
  t.end();
});
