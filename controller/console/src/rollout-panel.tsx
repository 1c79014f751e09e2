import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import { Actions } from './actions.tsx';
import { Icon } from './icon.tsx';
import type { LiveView } from './live-view.ts';
import { isOverdue, openIn } from './asks.ts';
import { Bar, State, When } from './parts.tsx';
import { RolloutFacts } from './rollout-facts.tsx';
import { show, showList, useRoute } from './route.ts';
import { drifted, groupCounts, pausedBy, sentenceOf, totalsOf } from './summary.ts';
import { counted } from './time-text.ts';
import { GROUP_SIGN, type Group, GROUPS, ROLLOUT_SIGN } from './words.ts';

interface Props {
  readonly view: LiveView;
  readonly rollout: RolloutView;
  readonly phones: readonly PhoneView[];
}

/** The rollout at a glance: one sentence, its counts, and what can be done about it. */
export function RolloutPanel({ view, rollout, phones }: Props) {
  const { total, done, failed, skipped } = totalsOf(rollout);
  return (
    <section className="card rollout" aria-labelledby="rollout-name">
      <div className="rollout-head">
        <h2 id="rollout-name">{rollout.name}</h2>
        <State sign={ROLLOUT_SIGN[rollout.state]} word={rollout.state} />
        <RolloutPicker view={view} rollout={rollout} />
      </div>
      <p className="sentence">{sentenceOf(rollout, phones)}</p>
      <Bar
        total={total}
        parts={[
          { count: done, tone: 'ok' },
          { count: groupCounts(phones).active, tone: 'busy' },
          { count: failed, tone: 'bad' },
          { count: skipped, tone: 'hold' },
        ]}
      />
      <Counts phones={phones} />
      <Unlisted count={total - phones.length} rollout={rollout} />
      <Actions view={view} rollout={rollout} phones={phones} />
      {/* Below what is pressed, so that no button moves away when one of them comes. */}
      <Paused rollout={rollout} />
      <Overdue rollout={rollout} />
      <RolloutFacts rollout={rollout} />
    </section>
  );
}

function RolloutPicker({ view, rollout }: Pick<Props, 'view' | 'rollout'>) {
  const route = useRoute();
  if (view.rollouts.size < 2) return null;
  const newestFirst = [...view.rollouts.values()].sort((a, b) => b.createdAt - a.createdAt);
  return (
    <label className="picker">
      Rollout
      <select
        value={rollout.id}
        onChange={(event) =>
          show({ ...route, rollout: event.target.value, state: '', site: '', wave: '' })
        }
      >
        {newestFirst.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name} ({one.state})
          </option>
        ))}
      </select>
    </label>
  );
}

function Paused({ rollout }: { rollout: RolloutView }) {
  const { paused } = rollout;
  if (!paused) return null;
  return (
    <p className="note tone-hold">
      <Icon name="bars" /> Paused by {pausedBy(rollout)}: {paused.reason}. Phones in flight finish;
      no other phone is started.
    </p>
  );
}

/** The last rung of a deadline: nothing gets more insistent by itself any more. */
function Overdue({ rollout }: { rollout: RolloutView }) {
  if (!isOverdue(rollout) || !rollout.deadline) return null;
  return (
    <p className="note tone-bad">
      <Icon name="clock" /> Its deadline passed <When at={rollout.deadline.dueAt} zone="UTC" /> (
      {rollout.deadline.because}) and {counted(openIn(rollout), 'phone is', 'phones are')} not done.
      They still go in any minute in which they are known to be idle. A person decides: let it go
      on, give it a later deadline, or abort it.
    </p>
  );
}

/** Each count opens the list behind it. */
function Counts({ phones }: Pick<Props, 'phones'>) {
  const route = useRoute();
  const counts = groupCounts(phones);
  const choose = (group: Group) =>
    showList({ ...route, state: route.state === group ? '' : group, site: '', wave: '', text: '' });
  return (
    <ul className="counts" aria-label="Phones by state">
      {GROUPS.map((group) => {
        const { icon, tone, means } = GROUP_SIGN[group];
        return (
          <li key={group}>
            <button
              type="button"
              className={`count tone-${tone}`}
              aria-pressed={route.state === group}
              title={means}
              onClick={() => choose(group)}
            >
              <Icon name={icon} />
              <b>{counts[group].toLocaleString('en-GB')}</b> {group}
            </button>
          </li>
        );
      })}
      <Drifted phones={phones} />
    </ul>
  );
}

function Drifted({ phones }: Pick<Props, 'phones'>) {
  const route = useRoute();
  const count = phones.filter((phone) => phone.drift).length;
  if (count === 0) return null;
  const isOn = route.state === drifted;
  return (
    <li>
      <button
        type="button"
        className="count tone-bad"
        aria-pressed={isOn}
        title="show another version than the one they were brought to"
        onClick={() =>
          showList({ ...route, state: isOn ? '' : drifted, site: '', wave: '', text: '' })
        }
      >
        <Icon name="turn" />
        <b>{count.toLocaleString('en-GB')}</b> drifted
      </button>
    </li>
  );
}

/** A count that the list below cannot show says so, and names where it can be seen. */
function Unlisted({ count, rollout }: { count: number; rollout: RolloutView }) {
  if (count <= 0) return null;
  return (
    <p className="quiet">
      {counted(count, 'phone')} of this rollout {count === 1 ? 'is' : 'are'} not listed here:
      another rollout comes first on them, or the fleet is larger than this page lists. See them
      with <code>ringwave rollout show {rollout.id} --phones</code>
    </p>
  );
}
