import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import { useEffect, useRef, useState } from 'react';
import { sentenceOf } from './summary.ts';

/** At most one announcement in this time: a screen reader must leave room to work. */
const announceEveryMs = 10_000;

/** Says for screen readers what moved. The first state is on the page and is not announced. */
export function Announcer({ rollout, phones }: { rollout: RolloutView; phones: PhoneView[] }) {
  const latest = useRef('');
  const [said, setSaid] = useState('');
  const sentence = `${rollout.name}. ${sentenceOf(rollout, phones)}`;
  useEffect(() => {
    latest.current = sentence;
  }, [sentence]);
  useEffect(() => {
    let last = latest.current;
    const timer = setInterval(() => {
      if (latest.current === last) return;
      last = latest.current;
      setSaid(last);
    }, announceEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="only-spoken" role="status" aria-live="polite">
      {said}
    </p>
  );
}
