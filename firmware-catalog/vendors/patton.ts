// Patton SmartNode gateways.

import { knownOnly, macIn, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { pattonLines } from './patton-lines.ts';

const ouis = ['00a0ba'];

export const patton = knownOnly({
  name: 'Patton',
  lines: pattonLines,
  ouis,
  agentInitials: 's',
  /** `SmartNode (Model:SN4112/JS/EUI; Serial:00A0BA08933C; Software Version:R6.2 2012-09-11 …)`: the serial is the MAC. */
  readAgent(userAgent) {
    if (!/^SmartNode\s?\(/i.test(userAgent)) return undefined;
    const model = /\bModel:\s?(SN[A-Z]?\d{3,5}[A-Z]?)/i.exec(userAgent)?.[1];
    if (model === undefined) return undefined;
    const serial = /\bSerial:\s?([0-9A-F]{12})(?=[;)\s])/i.exec(userAgent)?.[1];
    const hardware = /\bHardware Version:\s?([\w.]{1,12})/i.exec(userAgent)?.[1];
    return {
      model: model.toUpperCase(),
      version: /\bSoftware Version:\s?R?(\d[\d.]{0,20})/i.exec(userAgent)?.[1] ?? null,
      mac: serial === undefined ? null : macIn(serial),
      ...(hardware === undefined ? {} : { hardware }),
    };
  },
  readFile: ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:cfg|xml)$/i),
  readClass(text) {
    const model = /(?<![A-Z0-9])(SN\d{4}[A-Z]?)(?![A-Z0-9])/i.exec(text)?.[1];
    return model === undefined
      ? undefined
      : { model: model.toUpperCase(), version: null, mac: null };
  },
  // A User-Agent's text goes on with date and protocols, of which the release's number needs none.
  compare: numeric(2, 4, (text) => text.replace(/^R(?=\d)/i, '').replace(/ .*$/, '')),
});
