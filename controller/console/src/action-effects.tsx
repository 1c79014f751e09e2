import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import type { ReactNode } from 'react';
import { effectsOn, totalsOf } from './summary.ts';
import { counted } from './time-text.ts';
import type { Verb } from './verbs.ts';

// What an action does to how many phones, said before it is done.

interface Props {
  readonly verb: Verb;
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

export function Effects({ verb, rollout, phones }: Props) {
  return <ul className="effects">{effectLines({ verb, rollout, phones })}</ul>;
}

function effectLines({ verb, rollout, phones }: Props): ReactNode {
  switch (verb) {
    case 'approve':
      return approveLines(rollout);
    case 'deny':
      return (
        <>
          <li>
            <b>{counted(totalsOf(rollout).total, 'phone')}</b> stay as they are, and other rollouts
            may have them
          </li>
          <li>A denial is final. To try again, propose a new rollout.</li>
        </>
      );
    case 'pass':
      return passLines(rollout);
    case 'resume':
      return resumeLines(rollout, phones);
    case 'close':
      return <li>No new phone joins any more; it ends with the last of those it has.</li>;
    case 'remove':
      return <li>Nothing of it stays but a line in the audit. No phone was touched by it.</li>;
    case 'pause':
    case 'abort':
      return stopLines(verb, phones);
    default:
      return verb satisfies never;
  }
}

function approveLines(rollout: RolloutView): ReactNode {
  const { total } = totalsOf(rollout);
  const versions = rollout.releases.map(({ vendor, version }) => `${vendor} ${version}`).join(', ');
  return (
    <>
      <li>
        <b>{counted(total, 'phone')}</b> at {counted(rollout.sites.length, 'site')} are to{' '}
        {rollout.kind === 'rollback' ? 'go back to' : 'run'} {versions}
      </li>
      <li>
        in <b>{counted(rollout.waves.length, 'wave')}</b>:{' '}
        {rollout.waves.map((wave) => `${wave.name} ${wave.total}`).join(', ')}
      </li>
      <li>each site starts in its own windows only</li>
      <li>
        You approve content <code>{rollout.contentHash.slice(0, 12)}</code> and no other
      </li>
    </>
  );
}

function passLines({ waves }: RolloutView): ReactNode {
  const index = waves.findIndex((wave) => wave.asks === 'person');
  const next = waves[index + 1];
  return (
    <>
      <li>
        Wave <b>{waves[index]?.name}</b> passes in your name
      </li>
      <li>
        {next ? (
          <>
            wave <b>{next.name}</b> opens with {counted(next.total, 'phone')}
          </>
        ) : (
          'it is the last wave: the rollout ends with its last phone'
        )}
      </li>
    </>
  );
}

function resumeLines(rollout: RolloutView, phones: readonly PhoneView[]): ReactNode {
  const stopped = rollout.waves.find(
    (wave) => wave.asks === null && (wave.state === 'held' || wave.state === 'halted'),
  );
  const next = stopped && rollout.waves[rollout.waves.indexOf(stopped) + 1];
  const { notStarted } = effectsOn(phones);
  return (
    <>
      {stopped ? (
        <li>
          Wave <b>{stopped.name}</b> did not meet its gate{stopped.why ? ` (${stopped.why})` : ''}.
          You release it in your name
          {next ? `, and wave ${next.name} opens with ${counted(next.total, 'phone')}` : ''}.
        </li>
      ) : null}
      <li>
        <b>{counted(notStarted, 'phone')}</b> not started: go on, wave by wave, in the windows of
        their sites
      </li>
    </>
  );
}

function stopLines(verb: 'pause' | 'abort', phones: readonly PhoneView[]): ReactNode {
  const { notStarted, inFlight, ended } = effectsOn(phones);
  const flying = inFlight.reduce((sum, { count }) => sum + count, 0);
  const detail = inFlight.map(({ phase, count }) => `${count} ${phase}`).join(', ');
  return (
    <>
      <li>
        <b>{notStarted}</b> not started:{' '}
        {verb === 'pause'
          ? 'stay as they are until someone resumes'
          : 'untouched, taken out for good'}
      </li>
      <li>
        <b>{flying}</b> in flight{detail ? ` (${detail})` : ''}: finish, nothing can stop them
      </li>
      <li>
        <b>{ended}</b> ended: stay as they are
      </li>
      {verb === 'abort' ? <li>An abort is final. To go on later, create a new rollout.</li> : null}
    </>
  );
}
