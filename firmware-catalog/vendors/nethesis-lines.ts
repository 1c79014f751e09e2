// What is documented about Nethesis’ phones, which Fanvil makes.

import { fanvilImages } from './fanvil-images.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, NOTHING_KNOWN } from './line-parts.ts';

export const nethesisLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'NethPhone',
    hasModel: () => true,
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/{mac}.cfg', 'phone-config')],
    userAgent: 'Nethesis {model} {version} {mac}',
    versionScheme: 'as Fanvil’s',
    imageNames: fanvilImages.map((name) => ({ ...name, isShared: true })),
    sources: ['tancredi tests', 'NethServer issue 7216: images of an NP-X5'],
  },
];
