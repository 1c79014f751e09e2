import type { Clock } from '@ringwave/runtime/clock';
import type { PbxSettings } from '../../core/pbx/settings.ts';
import type { SipSocket } from '../sip-socket.ts';
import { AsteriskPbx } from './asterisk.ts';
import { FreeswitchPbx } from './freeswitch.ts';
import { KamailioPbx } from './kamailio.ts';
import type { Pbx } from './pbx.ts';

/** Connects only when something is asked. */
export function openPbx(settings: PbxSettings, parts: { clock: Clock; sip: SipSocket }): Pbx {
  return Object.assign(pbxOf(settings, parts), { isStandby: settings.standby === true });
}

function pbxOf(settings: PbxSettings, parts: { clock: Clock; sip: SipSocket }): Pbx {
  switch (settings.kind) {
    case 'asterisk':
      return new AsteriskPbx(settings, parts.clock);
    case 'freeswitch':
      return new FreeswitchPbx(settings, parts.clock);
    case 'kamailio':
      return new KamailioPbx(settings, parts.sip);
    default:
      return settings satisfies never;
  }
}
