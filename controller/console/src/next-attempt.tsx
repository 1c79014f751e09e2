import type { WaitingFor } from '@ringwave/protocol/phases';
import type { PhoneView } from '@ringwave/protocol/views';
import { useTimeText } from './live-context.tsx';
import { instantText, relativeText } from './time-text.ts';

/** When a phone is tried next. Null is not a time: it says on what the time depends; absent means ended. */
export function NextAttempt({ phone, zone }: { phone: PhoneView; zone: string }) {
  const text = useTimeText((now) => nextText(phone, zone, now));
  const [first = '', second] = text.split('|');
  return (
    <>
      {first}
      {second ? (
        <>
          {' '}
          <span className="second">{second}</span>
        </>
      ) : null}
    </>
  );
}

const DEPENDS: Partial<Record<WaitingFor, string>> = {
  person: 'when a person decides',
  phone: 'when the phone asks',
  wave: 'when its wave opens',
};

/** The time at its site, and after a bar how long that is from now. */
function nextText({ work }: PhoneView, zone: string, now: number): string {
  const next = work?.nextAttemptAt;
  if (next === undefined) return '';
  const depends = DEPENDS[work?.waitingFor ?? 'plan'];
  if (next === null) return depends ?? 'not known yet';
  if (next <= now) return work?.waitingFor === 'wave' ? 'when its wave opens' : 'now';
  const at = `${instantText(next, zone, now)}|${relativeText(next, now)}`;
  return work?.waitingFor === 'wave' ? `not before ${at}` : at;
}
