import type { PhoneView, RolloutView, WaveView } from '@ringwave/protocol/views';
import { ActionButton } from './actions.tsx';
import { GateList } from './gate-list.tsx';
import { paceTerms, rateText, withoutCommand } from './gate-parts.ts';
import { Bar, State, When } from './parts.tsx';
import { showList, useRoute } from './route.ts';
import { groupCounts } from './summary.ts';
import { counted } from './time-text.ts';
import { WaveEdit } from './wave-edit.tsx';
import { WAVE_SIGN } from './words.ts';

interface Props {
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

export function Waves({ rollout, phones }: Props) {
  return (
    <section className="card" aria-labelledby="waves-head">
      <div className="card-head">
        <h2 id="waves-head">Waves</h2>
        <WaveEdit rollout={rollout} />
      </div>
      <ol className="waves">
        {rollout.waves.map((wave, index) => (
          <Wave
            key={wave.name}
            rollout={rollout}
            wave={wave}
            place={`${index + 1} of ${rollout.waves.length}`}
            before={rollout.waves[index - 1]?.name}
            phones={phones.filter((phone) => phone.work?.wave === wave.name)}
          />
        ))}
      </ol>
    </section>
  );
}

interface WaveProps extends Props {
  readonly wave: WaveView;
  readonly place: string;
  readonly before: string | undefined;
}

function Wave({ rollout, before, wave, place, phones }: WaveProps) {
  const { active } = groupCounts(phones);
  const { total, done, failed, skipped, aside } = wave;
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
          { count: skipped + aside, tone: 'hold' },
        ]}
      />
      <Counts wave={wave} phones={phones} />
      <Stopped rollout={rollout} wave={wave} phones={phones} />
      {wave.paced ? <Paced rollout={rollout} paced={wave.paced} /> : null}
      {wave.dynamic ? (
        <p>Takes in phones that are stored meanwhile, until the rollout is closed to new phones</p>
      ) : null}
      {wave.state === 'closed' ? (
        <p className="quiet">
          {before ? `Opens when ${before} has passed its gate` : 'Opens first'}
        </p>
      ) : null}
      {wave.openedAt === null ? null : (
        <p className="quiet">
          Opened <When at={wave.openedAt} zone="UTC" />
        </p>
      )}
      <Gate wave={wave} />
    </li>
  );
}

function Counts({ wave, phones }: { wave: WaveView; phones: readonly PhoneView[] }) {
  const route = useRoute();
  const { active, held } = groupCounts(phones);
  const { total, done, failed, skipped, aside } = wave;
  const said = [`${done} of ${total} done`];
  if (active > 0) said.push(`${active} active`);
  if (held > 0) said.push(`${held} held`);
  if (failed > 0) said.push(`${failed} failed`);
  if (skipped > 0) said.push(`${skipped} skipped`);
  if (aside > 0) said.push(`${aside} aside`);
  return (
    <p>
      <button
        type="button"
        className="link"
        onClick={() => showList({ ...route, state: '', site: '', text: '', wave: wave.name })}
      >
        {said.join(', ')}
      </button>
      {aside > 0 ? (
        <span className="quiet"> (aside: their ends say nothing about the release)</span>
      ) : null}
    </p>
  );
}

/** Why it does not go on, and what a person can do; where it does go on, how far it is. */
function Stopped({ rollout, wave, phones }: Props & { wave: WaveView }) {
  if (wave.why === null || wave.state === 'closed') return null;
  const why = withoutCommand(wave.why);
  const isStopped = wave.state === 'halted' || wave.state === 'held';
  if (!isStopped) return <p>{why}</p>;
  const verb = wave.asks === 'person' ? 'pass' : rollout.state === 'paused' ? 'resume' : undefined;
  return (
    <div className={`note tone-${WAVE_SIGN[wave.state].tone}`}>
      <p>
        <b>{wave.state === 'halted' ? 'Halted' : 'Held'}</b>: {why}
      </p>
      {verb && wave.asks !== 'url' ? (
        <div className="actions">
          <ActionButton verb={verb} rollout={rollout} phones={phones} />
        </div>
      ) : null}
    </div>
  );
}

function Paced(props: { rollout: RolloutView; paced: NonNullable<WaveView['paced']> }) {
  const { rollout, paced } = props;
  const terms = paceTerms(rollout);
  return (
    <p>
      Lets {rateText(paced.perMinute)} go{terms ? ` (${terms})` : ''}:{' '}
      {counted(paced.released, 'phone has', 'phones have')} gone, {paced.waiting} wait
      {paced.nextAt === null ? null : (
        <>
          ; the next <When at={paced.nextAt} zone="UTC" />
        </>
      )}
    </p>
  );
}

/** Open where it is being judged; of other waves a reader asks for it. */
function Gate({ wave }: { wave: WaveView }) {
  const isJudged = wave.state !== 'closed' && wave.state !== 'passed';
  return (
    <details open={isJudged}>
      <summary className="quiet">Gate</summary>
      <GateList wave={wave} />
    </details>
  );
}
