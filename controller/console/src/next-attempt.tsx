import type { PhoneView } from '@ringwave/protocol/views';
import { When } from './parts.tsx';

/** When a phone is tried next. Null is not a time: it says on what the time depends; absent means ended. */
export function NextAttempt({ phone, zone }: { phone: PhoneView; zone: string }) {
  const next = phone.work?.nextAttemptAt;
  if (next === undefined) return null;
  if (next !== null) return <When at={next} zone={zone} />;
  switch (phone.work?.waitingFor) {
    case 'person':
      return <>when a person decides</>;
    case 'phone':
      return <>when the phone asks</>;
    default:
      return <>not known yet</>;
  }
}
