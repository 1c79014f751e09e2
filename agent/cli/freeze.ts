import { seconds } from '@ringwave/protocol/units';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { openBox } from '../io/box.ts';
import { freeze as writeFreeze, freezeReasonIn, lift, noticedWithin } from '../io/freeze-file.ts';

export interface FreezeFlags {
  readonly data: string;
  readonly lift?: boolean;
}

/** Stops all starts at this site, lifts that, or says how it stands. */
export function freeze(reason: string | undefined, flags: FreezeFlags): void {
  const { folder } = openBox(flags.data);
  if (flags.lift === true) {
    lift(folder);
    process.stdout.write('lifted: phones are started again as their plan allows\n');
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
  process.stdout.write(`frozen: no phone is started from within ${within} s until --lift\n`);
}
