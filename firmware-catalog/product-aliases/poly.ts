// Poly in advisories: HP's and Polycom's names, UC Software lines by product word.

import { models, type ProductNames } from './product-names.ts';

export const polyNames: ProductNames = {
  vendor: 'Polycom',
  names: ['polycom', 'poly', 'hppoly', 'polyhp', 'hp', 'hpinc', 'plantronics', 'polyhpinc'],
  spellings: { soundpoint: 'spip', soundstation: 'ssip' },
  filler: ['uc', 'ucs', 'realpresence', 'sip'],
  models: models(`
    VVX101 VVX150 VVX201 VVX250 VVX300 VVX301 VVX310 VVX311 VVX350 VVX400 VVX401 VVX410 VVX411 VVX450
    VVX500 VVX501 VVX600 VVX601 VVX1500 VVXD60 VVXD230 Trio8300 Trio8500 Trio8800 TrioC60
    CCX350 CCX400 CCX500 CCX505 CCX600 CCX700 EdgeE100 EdgeE220 EdgeE300 EdgeE320 EdgeE350 EdgeE400
    EdgeE450 EdgeE500 EdgeE550 SPIP320 SPIP321 SPIP330 SPIP331 SPIP335 SPIP430 SPIP450 SPIP550 SPIP560
    SPIP650 SPIP670 SSIP5000 SSIP6000 SSIP7000`),
  shape: /^(?:VVXD?\d{2,4}|TRIO(?:8\d00|C60)|CCX\d00|CCX\d\d5|EDGEE\d{3}|SPIP\d{3}|SSIP\d{4})$/,
  lines: {
    vvx: { name: 'VVX', has: /^VVX/ },
    trio: { name: 'Trio', has: /^TRIO/ },
    ccx: { name: 'CCX', has: /^CCX/ },
    edge: { name: 'Edge E', has: /^EDGEE/ },
    edgee: { name: 'Edge E', has: /^EDGEE/ },
    spip: { name: 'SoundPoint IP', has: /^SPIP/ },
    ssip: { name: 'SoundStation IP', has: /^SSIP/ },
  },
  notPhones: [
    {
      words: /\b(?:lens|provisioning server|resource manager|rprm)\b/,
      name: 'management software',
      class: 'management',
    },
    {
      words: /\b(?:hdx|group series|studio|g7500|rmx|dma)\b/,
      name: 'video systems',
      class: 'other-device',
    },
  ],
};
