import type { PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';
import { Suspense, useState } from 'react';
import { ActionButton } from './actions.tsx';
import { type Ask, asksOf } from './asks.ts';
import { Icon } from './icon.tsx';
import { lazyDialog } from './lazy-part.tsx';
import type { LiveView } from './live-view.ts';
import { show, showList, useRoute } from './route.ts';
import { useReadOnlyReason } from './stale-note.tsx';
import { phonesIn } from './summary.ts';
import { counted } from './time-text.ts';

const LiftDialog = lazyDialog(async () => (await import('./freeze-dialogs.tsx')).LiftDialog);

interface Props {
  readonly view: LiveView;
  readonly shown: RolloutView | undefined;
  readonly phones: readonly PhoneView[];
}

/** Rows drawn; whoever has more to answer answers the first ones first. */
const rowsMax = 8;

/** What nothing answers by itself, beside the rollout that is shown. */
export function NeedsYou({ view, shown, phones }: Props) {
  const asks = asksOf(view, shown, phones);
  return (
    <section className="card needs-you" aria-labelledby="needs-you-head">
      <h2 id="needs-you-head">Waits for a person</h2>
      {/* There also while nothing waits: what begins to wait moves nothing away under a reader. */}
      {asks.length === 0 ? (
        <p className="quiet">Nothing{shown ? ' beside this rollout' : ''}</p>
      ) : (
        <ul>
          {asks.slice(0, rowsMax).map((ask) => (
            <li key={keyOf(ask)}>
              <Icon name="bell" />
              <Row ask={ask} view={view} />
            </li>
          ))}
          {asks.length > rowsMax ? (
            <li className="quiet">and {counted(asks.length - rowsMax, 'question')} more</li>
          ) : null}
        </ul>
      )}
    </section>
  );
}

const keyOf = (ask: Ask): string =>
  ask.kind === 'rollout' ? ask.rollout.id : ask.kind === 'freeze' ? ask.site.id : ask.reason;

function Row({ ask, view }: { ask: Ask; view: LiveView }) {
  switch (ask.kind) {
    case 'rollout':
      return <RolloutRow ask={ask} view={view} />;
    case 'freeze':
      return (
        <>
          <p>{ask.text}</p>
          <Lift site={ask.site} />
        </>
      );
    case 'phones':
      return <PhonesRow reason={ask.reason} count={ask.count} />;
    default:
      return ask satisfies never;
  }
}

function RolloutRow({ ask, view }: { ask: Extract<Ask, { kind: 'rollout' }>; view: LiveView }) {
  const route = useRoute();
  const { rollout, text, answers } = ask;
  return (
    <>
      <p>{text}</p>
      <span className="actions">
        {answers.map((verb) => (
          <ActionButton
            key={verb}
            verb={verb}
            rollout={rollout}
            phones={phonesIn(view.phones.values(), rollout.id)}
          />
        ))}
        <button
          type="button"
          aria-label={`Show ${rollout.name}`}
          onClick={() => show({ ...route, rollout: rollout.id, state: '', site: '', wave: '' })}
        >
          Show
        </button>
      </span>
    </>
  );
}

function Lift({ site }: { site: SiteView }) {
  const [isOpen, setIsOpen] = useState(false);
  const readOnly = useReadOnlyReason();
  return (
    <span className="actions">
      <button
        type="button"
        className="primary"
        disabled={readOnly !== undefined}
        onClick={() => setIsOpen(true)}
      >
        Lift the freeze …
      </button>
      {isOpen ? (
        <Suspense>
          <LiftDialog site={site} close={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </span>
  );
}

function PhonesRow({ reason, count }: { reason: string; count: number }) {
  const route = useRoute();
  return (
    <>
      <p>
        {counted(count, 'phone waits', 'phones wait')}: {reason}
      </p>
      <span className="actions">
        <button
          type="button"
          aria-label={`Show ${counted(count, 'phone')}: ${reason}`}
          onClick={() =>
            // As long as the address takes it; what begins alike is found as well.
            showList({ ...route, state: '', site: '', wave: '', text: reason.slice(0, 100) })
          }
        >
          Show {count}
        </button>
      </span>
    </>
  );
}
