import type { Problem } from '@ringwave/protocol/views';
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-shapes.ts';
import { useTimeText } from './live-context.tsx';
import { instantText, relativeText } from './time-text.ts';
import type { Tone } from './words.ts';

// Small parts that several places show.

/** A state: shape, word, colour. */
export function State({ sign, word }: { sign: { icon: IconName; tone: Tone }; word: string }) {
  return (
    <span className={`state tone-${sign.tone}`}>
      <Icon name={sign.icon} />
      {word}
    </span>
  );
}

/** A text that follows the clock. */
export function TimeText({ read }: { read: (now: number) => string }) {
  return <>{useTimeText(read)}</>;
}

/** "02:00 UTC+1 (in 4 h 12 min)", in the time of a place. */
export function When({ at, zone }: { at: number; zone: string }) {
  const text = useTimeText((now) => `${instantText(at, zone, now)} (${relativeText(at, now)})`);
  return <time dateTime={new Date(at).toISOString()}>{text}</time>;
}

export function Ago({ at }: { at: number }) {
  const text = useTimeText((now) => relativeText(at, now));
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>
      {text}
    </time>
  );
}

/** What went wrong: the thing, the reason, the next step. */
export function Problems({ problems }: { problems: Problem['problems'] }) {
  if (problems.length === 0) return null;
  return (
    <div role="alert">
      <ul className="problems">
        {problems.map(({ thing, reason, next }) => (
          <li key={`${thing} ${reason}`}>
            <strong>{thing}</strong> {reason}. {next}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Part {
  readonly count: number;
  readonly tone: Tone;
}

/** How much of a whole is what. Said in words beside it, so it is hidden from screen readers. */
export function Bar({ total, parts }: { total: number; parts: readonly Part[] }) {
  return (
    <span className="bar" aria-hidden="true">
      {parts.map(({ count, tone }) =>
        count > 0 ? (
          <span
            key={tone}
            className={`fill tone-${tone}`}
            style={{ inlineSize: `${(100 * count) / Math.max(1, total)}%` }}
          />
        ) : null,
      )}
    </span>
  );
}

/** A command to copy into a terminal. */
export function Command({ children }: { children: string }) {
  return <code className="command">{children}</code>;
}

/** One line of a list of facts. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
