import type { SiteDetailView, SiteView } from '@ringwave/protocol/views';
import { useState } from 'react';
import { frozenFromHere } from './asks.ts';
import { FreezeDialog, LiftDialog } from './freeze-dialogs.tsx';
import type { LiveView } from './live-view.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Fact, Problems, State, TimeText, When } from './parts.tsx';
import { compactMac, hashOf, useRoute } from './route.ts';
import { useReadOnlyReason } from './stale-note.tsx';
import { counted, instantText, relativeText } from './time-text.ts';
import { useDetail } from './use-detail.ts';
import { AGENT_SIGN } from './words.ts';

/** One site: what keeps its phones from being started, when it opens next, and what troubles it had. */
export function SiteDrawer(props: { view: LiveView; id: string; close: () => void }) {
  const { view, id, close } = props;
  const site = view.sites.get(id);
  const { detail, problems } = useDetail<SiteDetailView>(
    `/api/v1/sites/${encodeURIComponent(id)}`,
    site,
  );
  const shown = site ?? detail;
  return (
    <ModalDialog kind="drawer" title={shown?.name ?? 'Site'} close={close}>
      <Problems problems={problems} />
      {shown ? (
        <>
          <Standing site={shown} />
          <Freeze site={shown} />
        </>
      ) : null}
      {detail ? (
        <>
          <Incidents detail={detail} view={view} />
          <Openings detail={detail} />
        </>
      ) : null}
    </ModalDialog>
  );
}

function Standing({ site }: { site: SiteView }) {
  const { agent, zone, phones } = site;
  const { icon, tone, word } = AGENT_SIGN[agent.state];
  return (
    <dl className="facts">
      <Fact name="Agent">
        <State sign={{ icon, tone }} word={word} />
        {agent.version === null ? '' : ` version ${agent.version}`}
        {agent.fits === false ? (
          <span className="warning">, too far apart from this controller</span>
        ) : null}
        {agent.lastHeardAt === null ? null : (
          <>
            , heard <When at={agent.lastHeardAt} zone={zone} />
          </>
        )}
      </Fact>
      <Fact name="Plan">
        {agent.planRevision === 0
          ? 'none yet'
          : `${agent.planRevision}, the agent holds ${agent.heldRevision}`}
      </Fact>
      <Fact name="Phones">{phones.toLocaleString('en-GB')}</Fact>
      <Fact name="Time there">
        <TimeText read={(now) => instantText(now, zone, now)} /> ({zone})
      </Fact>
    </dl>
  );
}

const HOLD_WORD = {
  freeze: 'A technician’s freeze',
  'emergency-call': 'An emergency call',
  'headquarters-freeze': 'A freeze from headquarters',
} as const;

/** All that starts no phone here. What was said at the site is lifted at the site. */
function Freeze({ site }: { site: SiteView }) {
  // Which one was opened: what it does is not turned round by the news of it.
  const [dialog, setDialog] = useState<'freeze' | 'lift'>();
  const readOnly = useReadOnlyReason();
  const holds = site.holds ?? [];
  const isFrozen = frozenFromHere(site) !== undefined;
  const close = () => setDialog(undefined);
  return (
    <section>
      <h3>Holds</h3>
      {holds.length === 0 ? <p>Nothing keeps its phones from being started.</p> : null}
      <ul className="notices">
        {holds.map(({ hold, reason, since, until }) => (
          <li key={hold} className="note tone-hold">
            <b>{HOLD_WORD[hold]}</b> since <When at={since} zone={site.zone} />: {reason}.{' '}
            {until === null ? (
              'Until a person lifts it.'
            ) : (
              <>
                Until <When at={until} zone={site.zone} />
                {hold === 'emergency-call' ? ' at least' : ''}.
              </>
            )}
            {hold === 'freeze' ? (
              <>
                {' '}
                Lifted there: <code>ringwave-agent freeze --lift</code>
              </>
            ) : null}
          </li>
        ))}
      </ul>
      <Planned site={site} />
      <div className="actions">
        <button
          type="button"
          disabled={readOnly !== undefined}
          onClick={() => setDialog(isFrozen ? 'lift' : 'freeze')}
        >
          {isFrozen ? 'Lift the freeze …' : 'Freeze …'}
        </button>
      </div>
      {dialog === 'lift' ? <LiftDialog site={site} close={close} /> : null}
      {dialog === 'freeze' ? <FreezeDialog site={site} close={close} /> : null}
    </section>
  );
}

/** Rest that was planned ahead, also what is on; changed where it was planned. */
function Planned({ site: { freezes = [], zone } }: { site: SiteView }) {
  if (freezes.length === 0) return null;
  return (
    <>
      <h3>Planned freezes</h3>
      <ul className="notices">
        {freezes.map(({ id, reason, who, from, until }) => (
          <li key={`${id} ${from}`}>
            From <When at={from} zone={zone} /> to <When at={until} zone={zone} />: {reason}{' '}
            <span className="quiet">
              (<code>{id}</code>, planned by {who})
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Openings({ detail }: { detail: SiteDetailView }) {
  const { comingOpenings, zone } = detail;
  return (
    <section>
      <h3>Next openings</h3>
      {comingOpenings.length === 0 ? (
        <p className="note tone-hold">None in half a year: no phone of this site is started.</p>
      ) : (
        <ol className="openings">
          {comingOpenings.map(({ start, end, note }) => (
            <li key={start}>
              <TimeText
                read={(now) =>
                  end > start
                    ? `${spanOf(start, end, zone, now)}, ${start <= now ? 'open now' : relativeText(start, now)}`
                    : `${instantText(start, zone, now)}: dropped`
                }
              />
              {note === null ? null : <span className="warning second">{note}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The offset is said once where the clocks stay as they are. */
function spanOf(start: number, end: number, zone: string, now: number): string {
  const [begins, ends] = [instantText(start, zone, now), instantText(end, zone, start)];
  const offset = / UTC\S*$/;
  const isSame = offset.exec(begins)?.[0] === offset.exec(ends)?.[0];
  return `${isSame ? begins.replace(offset, '') : begins} to ${ends}`;
}

function Incidents({ detail, view }: { detail: SiteDetailView; view: LiveView }) {
  const route = useRoute();
  const { incidents, zone } = detail;
  return (
    <section>
      <h3>Troubles of the whole site</h3>
      {incidents.length === 0 ? <p>None known.</p> : null}
      <ul className="notices">
        {incidents.map(({ rollout, since, lastAt, count, phones }) => (
          <li key={`${rollout}/${phones[0]}`}>
            <b>{counted(count, 'phone')}</b> of {view.rollouts.get(rollout)?.name ?? rollout} failed
            between <When at={since} zone={zone} /> and <When at={lastAt} zone={zone} />. They count
            as one failure; look at power, switches and the line:{' '}
            {phones.slice(0, phonesNamed).map((mac, place) => (
              <span key={mac}>
                {place === 0 ? '' : ', '}
                <a
                  className="mono"
                  href={hashOf({ ...route, siteDrawer: '', phone: compactMac(mac) })}
                >
                  {mac}
                </a>
              </span>
            ))}
            {count > phonesNamed ? ', …' : ''}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Named of one trouble: enough to see what they share. */
const phonesNamed = 8;
