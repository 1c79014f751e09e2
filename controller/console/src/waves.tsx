import type { PhoneView, RolloutView, WaveView } from '@ringwave/protocol/views';
import { Bar, State, When } from './parts.tsx';
import { showList, useRoute } from './route.ts';
import { groupCounts } from './summary.ts';
import { counted, spanText } from './time-text.ts';
import { WAVE_SIGN } from './words.ts';

interface Props {
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

export function Waves({ rollout, phones }: Props) {
  return (
    <section className="card" aria-labelledby="waves-head">
      <h2 id="waves-head">Waves</h2>
      <ol className="waves">
        {rollout.waves.map((wave, index) => (
          <Wave
            key={wave.name}
            wave={wave}
            place={`${index + 1} of ${rollout.waves.length}`}
            before={rollout.waves[index - 1]?.name}
            phones={phones.filter((phone) => phone.work?.wave === wave.name)}
          />
        ))}
      </ol>
      <p className="quiet">{gateText(rollout)}</p>
    </section>
  );
}

function Wave({
  before,
  wave,
  place,
  phones,
}: {
  before: string | undefined;
  wave: WaveView;
  place: string;
  phones: readonly PhoneView[];
}) {
  const route = useRoute();
  const { active, held } = groupCounts(phones);
  const { total, done, failed, skipped } = wave;
  const said = [`${done} of ${total} done`];
  if (active > 0) said.push(`${active} active`);
  if (held > 0) said.push(`${held} held`);
  if (failed > 0) said.push(`${failed} failed`);
  if (skipped > 0) said.push(`${skipped} skipped`);
  return (
    <li className="wave" data-wave={wave.name} data-state={wave.state}>
      <div className="wave-head">
        <h3>
          <span className="quiet">{place}</span> {wave.name}
        </h3>
        <State sign={WAVE_SIGN[wave.state]} word={wave.state} />
      </div>
      <Bar
        total={total}
        parts={[
          { count: done, tone: 'ok' },
          { count: active, tone: 'busy' },
          { count: failed, tone: 'bad' },
          { count: skipped, tone: 'hold' },
        ]}
      />
      <p>
        <button
          type="button"
          className="link"
          onClick={() => showList({ ...route, state: '', site: '', text: '', wave: wave.name })}
        >
          {said.join(', ')}
        </button>
      </p>
      {wave.why ? <p>{wave.why}</p> : null}
      {wave.state === 'closed' && before ? (
        <p className="quiet">Opens when {before} has passed its gate</p>
      ) : null}
      {wave.soakUntil === null ? null : (
        <p>
          Soaks until <When at={wave.soakUntil} zone="UTC" />
        </p>
      )}
      {wave.openedAt === null ? null : (
        <p className="quiet">
          Opened <When at={wave.openedAt} zone="UTC" />
        </p>
      )}
    </li>
  );
}

function gateText({ gate }: RolloutView): string {
  const success = `${Math.floor(gate.successMin * 1000) / 10} %`;
  const soak = gate.soakMs > 0 ? `, then soaks ${spanText(gate.soakMs)}` : '';
  return `Gate of each wave: ${success} of completed phones done and at most ${counted(gate.failuresMax, 'failure')}, judged from ${counted(gate.minSample, 'result')} on${soak}.`;
}
