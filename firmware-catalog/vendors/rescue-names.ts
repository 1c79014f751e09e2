// Names that phones ask for over TFTP when their firmware is broken, as far as documents and people's reports tell.

import type { VendorName } from './profile.ts';

export interface RescueName {
  readonly vendor: VendorName;
  readonly models: string;
  readonly name: string;
  readonly source: string;
}

const yealink =
  'report of a T21P that stood still after a power fault and took three files by TFTP';
const snom = 'Snom: rescue over the network by TFTP';

export const RESCUE_NAMES: readonly RescueName[] = [
  { vendor: 'Snom', models: '370', name: 'snom370.bin', source: snom },
  { vendor: 'Snom', models: '820', name: 'snom820-r.bin', source: snom },
  { vendor: 'Yealink', models: 'T2x', name: 'T2XD.bin', source: yealink },
  { vendor: 'Yealink', models: 'T2x', name: 'T2CD.rfs', source: yealink },
  { vendor: 'Yealink', models: 'T21', name: 'T21D.rom', source: yealink },
  {
    vendor: 'Cisco',
    models: '7941, 7961',
    name: 'term41.default.loads',
    source: 'Cisco: recovery of a 79xx by its key-press reset',
  },
];
