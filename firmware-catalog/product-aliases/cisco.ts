// Cisco in advisories: series of numbers, multiplatform lines (MPP, 3PCC), PhoneOS, Small Business SPA.

import { models, type ProductNames } from './product-names.ts';

const MPP = /^(?:68[2-7]\d|78[1-6]\d|88(?:11|32|4[15]|[56][15])|ATA19[12])$/;

export const ciscoNames: ProductNames = {
  vendor: 'Cisco',
  names: ['cisco', 'ciscosystems', 'ciscosystemsinc'],
  spellings: { cp: '', analog: '', adapter: '' },
  filler: ['unified', 'small', 'video', 'wireless', 'business', 'sip'],
  lineWords: { mpp: 'mpp', '3pcc': 'mpp', multiplatform: 'mpp', phoneos: 'phoneos' },
  models: models(`
    3905 6901 6911 6921 6941 6945 6961 6821 6823 6825 6841 6851 6861 6871
    7811 7821 7832 7841 7861 8811 8821 8821-EX 8831 8832 8841 8845 8851 8861 8865 8875
    7905 7906 7911 7912 7920 7921 7925 7926 7931 7937 7940 7941 7942 7945 7960 7961 7962 7965 7970 7971
    7975 7985 8941 8945 8961 9951 9971 9811 9821 9841 9851 9861 9871
    SPA301 SPA303 SPA501G SPA502G SPA504G SPA508G SPA509G SPA512G SPA514G SPA525G SPA525G2
    SPA112 SPA122 SPA232D ATA186 ATA187 ATA188 ATA190 ATA191 ATA192`),
  shape: /^(?:(?:39|69|68|78|79|88|89|98|99)\d\d[A-Z]{0,2}|SPA[1-5]\d\d[A-Z]?\d?|ATA1[89]\d)$/,
  lines: {
    mpp: { name: 'MPP', has: MPP },
    '6800mpp': { name: '6800 MPP', has: /^68[2-7]\d$/ },
    '7800mpp': { name: '7800 MPP', has: /^78[1-6]\d$/ },
    '8800mpp': { name: '8800 MPP', has: /^88(?:11|32|4[15]|[56][15])$/ },
    // The 8875 runs PhoneOS and is named on its own, beside the 8800 series.
    '8800': { name: '8800 series', has: /^88(?!75)\d\d[A-Z]{0,2}$/ },
    phoneos: { name: 'PhoneOS', has: /^(?:98\d\d|8875)$/ },
  },
  notPhones: [
    {
      words: /\b(?:communications manager|cucm|callmanager|session management)\b/,
      name: 'Unified Communications Manager',
      class: 'call-server',
    },
    { words: /\bjabber\b/, name: 'Jabber', class: 'other-device' },
    {
      words: /\b(?:room|telepresence|webex|roomos)\b/,
      name: 'room systems and Webex',
      class: 'other-device',
    },
    {
      words: /\b(?:ios|nx os|asa|catalyst|router|switch|wap\d*)\b/,
      name: 'network equipment',
      class: 'other-device',
    },
  ],
};
