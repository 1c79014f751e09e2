import type { WaveView } from '@ringwave/protocol/views';
import type { ReactNode } from 'react';
import { checkAsksMax, checkHost, type GatePart, resultParts, soakText } from './gate-parts.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-shapes.ts';
import { When } from './parts.tsx';
import type { Tone } from './words.ts';

/** A gate, part by part, with how each stands. */
export function GateList({ wave }: { wave: WaveView }) {
  const { gate, state } = wave;
  const isJudged = state !== 'closed';
  return (
    <dl className="gate">
      {resultParts(wave).map(({ name, text, stands }) => (
        <Part key={name} name={name} stands={isJudged ? stands : undefined}>
          {text}
        </Part>
      ))}
      {gate.soakMs > 0 ? <Soak wave={wave} /> : null}
      {gate.askUrl === undefined ? null : <Check wave={wave} url={gate.askUrl} />}
      {gate.askPerson || wave.asks === 'person' ? (
        <Part name="Person" stands={stands(state === 'passed', wave.asks === 'person')}>
          {wave.asks === 'person'
            ? 'asked now: somebody lets the next wave open'
            : 'asked last: somebody lets the next wave open'}
        </Part>
      ) : null}
    </dl>
  );
}

const stands = (isMet: boolean, isAsked: boolean): GatePart['stands'] =>
  isMet ? 'met' : isAsked ? 'not-met' : undefined;

const MARK: Record<
  NonNullable<GatePart['stands']>,
  { icon: IconName; tone: Tone; word: string }
> = {
  met: { icon: 'check', tone: 'ok', word: 'met' },
  'not-met': { icon: 'ring', tone: 'busy', word: 'not met yet' },
  broken: { icon: 'cross', tone: 'bad', word: 'broken' },
};

function Part(props: { name: string; stands?: GatePart['stands']; children: ReactNode }) {
  const mark = props.stands && MARK[props.stands];
  return (
    <div>
      <dt className={mark ? `tone-${mark.tone}` : 'tone-wait'}>
        <Icon name={mark?.icon ?? 'dashes'} />
        {props.name}
        <span className="only-spoken"> ({mark?.word ?? 'comes later'})</span>
      </dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Soak({ wave }: { wave: WaveView }) {
  const { gate, soakUntil, state, asks } = wave;
  const isOver = state === 'passed' || asks !== null;
  return (
    <Part name="Soak" stands={stands(isOver, soakUntil !== null)}>
      {soakUntil === null ? (
        `${soakText(gate)}${isOver ? '' : ', once the results are right'}`
      ) : (
        <>
          until <When at={soakUntil} zone="UTC" />: {soakText(gate)}
        </>
      )}
    </Part>
  );
}

function Check({ wave: { state, asks, check }, url }: { wave: WaveView; url: string }) {
  const host = checkHost(url);
  if (!check)
    return (
      <Part name="Check" stands={stands(state === 'passed' || asks === 'person', false)}>
        {host} says whether it may pass, after the soak
      </Part>
    );
  return (
    <Part name="Check" stands="not-met">
      {host} is asked;{' '}
      {check.unanswered === 0
        ? 'no answer yet'
        : `no clear answer ${check.unanswered} of ${checkAsksMax} times, then a person is asked`}
      {check.nextAt === null ? null : (
        <>
          ; asked again <When at={check.nextAt} zone="UTC" />
        </>
      )}
    </Part>
  );
}
