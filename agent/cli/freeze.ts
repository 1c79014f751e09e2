import { seconds } from '@ringwave/protocol/units';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { enrolledBox } from '../io/box.ts';
import { freeze as writeFreeze, freezeReasonIn, lift, noticedWithin } from '../io/freeze-file.ts';

export interface FreezeFlags {
  readonly data: string;
  readonly lift?: boolean;
}

/** Stops all starts at this site, lifts that, or says how it stands. */
export function freeze(reason: string | undefined, flags: FreezeFlags): void {
  const { folder } = enrolledBox(flags.data, 'cannot freeze a site, nor lift it');
  if (flags.lift === true) {
    const known = freezeReasonIn(folder);
    lift(folder);
    const said = known === null ? 'nothing was frozen here' : 'lifted';
    process.stdout.write(`${said}: phones are started as their plan allows\n`);
    return;
  }
  if (reason === undefined) {
    const known = freezeReasonIn(folder);
    process.stdout.write(known === null ? 'not frozen\n' : `frozen: ${known}\n`);
    return;
  }
  if (reason.trim() === '') {
    const next = 'Write why, in a few words: ringwave-agent freeze "wedding in the hall"';
    throw new CliFault({ what: 'cannot freeze', why: 'the reason is empty', next });
  }
  writeFreeze(folder, reason);
  const within = noticedWithin / seconds(1);
  process.stdout.write(
    `frozen: within ${within} s no phone is started any more, until ringwave-agent freeze --lift\n`,
  );
}
