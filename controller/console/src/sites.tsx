import type { PhoneView, SiteView } from '@ringwave/protocol/views';
import { useMemo } from 'react';
import { StopButton } from './halt-note.tsx';
import type { LiveView } from './live-view.ts';
import { Ago, Bar, Command, State, TimeText, When } from './parts.tsx';
import { hashOf, showList, useRoute } from './route.ts';
import { bySiteAttention, type SiteCounts, siteCounts } from './summary.ts';
import { clockText, counted, dayText, instantText, relativeText } from './time-text.ts';
import { AGENT_SIGN } from './words.ts';

interface Props {
  readonly view: LiveView;
  readonly phones: readonly PhoneView[];
  /** The sites that the rollout names. */
  readonly named: readonly string[];
}

/** Tiles drawn at once; a rollout over more sites is searched by site in the list of phones. */
const tilesMax = 60;

export function Sites({ view, phones, named }: Props) {
  const counts = useMemo(() => siteCounts(phones), [phones]);
  const sites = bySiteAttention(
    named.flatMap((site) => view.sites.get(site) ?? []),
    counts,
  );
  return (
    <section className="card" aria-labelledby="sites-head">
      <div className="card-head">
        <h2 id="sites-head">Sites</h2>
        {view.halt ? null : <StopButton />}
      </div>
      <ul className="sites">
        {sites.slice(0, tilesMax).map((site) => (
          <SiteTile key={site.id} site={site} counts={counts.get(site.id)} />
        ))}
      </ul>
      {sites.length > tilesMax ? (
        <p className="quiet">
          {counted(sites.length - tilesMax, 'more site')}: choose one in the list of phones.
        </p>
      ) : null}
    </section>
  );
}

function SiteTile({ site, counts }: { site: SiteView; counts: SiteCounts | undefined }) {
  const { agent } = site;
  const route = useRoute();
  const { icon, tone, word } = AGENT_SIGN[agent.state];
  return (
    <li className={`site ${agent.state === 'connected' ? '' : 'hatched'}`} data-site={site.id}>
      <div className="site-head">
        <h3>
          <a href={hashOf({ ...route, phone: '', siteDrawer: site.id })}>{site.name}</a>
        </h3>
        <span className="local" title={site.zone}>
          <TimeText
            read={(now) =>
              `${dayText(now, site.zone, now).slice(0, 3)} ${clockText(now, site.zone)}`
            }
          />
        </span>
      </div>
      {counts ? <SiteProgress site={site} counts={counts} /> : null}
      <p className="agent">
        <State sign={{ icon, tone }} word={word} />
        {agent.lastHeardAt === null ? null : (
          <span className="quiet">
            heard <Ago at={agent.lastHeardAt} />
          </span>
        )}
      </p>
      <AgentNote site={site} />
      {(site.holds ?? []).map((hold) => (
        <p key={hold.hold} className="note tone-hold">
          {hold.reason}
          {hold.until === null ? null : (
            <>
              , until <When at={hold.until} zone={site.zone} />
            </>
          )}
        </p>
      ))}
      <Opening site={site} />
      <Notices site={site} />
    </li>
  );
}

function SiteProgress({ site, counts }: { site: SiteView; counts: SiteCounts }) {
  const route = useRoute();
  const { total, done, active, failed, skipped } = counts;
  const said = [`${done} of ${total} done`];
  if (active > 0) said.push(`${active} active`);
  if (failed > 0) said.push(`${failed} failed`);
  return (
    <>
      <Bar
        total={total}
        parts={[
          { count: done, tone: 'ok' },
          { count: active, tone: 'busy' },
          { count: failed, tone: 'bad' },
          { count: skipped, tone: 'hold' },
        ]}
      />
      <button
        type="button"
        className="link"
        aria-label={`${site.name}: ${said.join(', ')}. Show its phones`}
        onClick={() => showList({ ...route, state: '', wave: '', text: '', site: site.id })}
      >
        {said.join(', ')}
      </button>
    </>
  );
}

/** Which plan the site works by: an agent that is away goes on with the one it holds. */
function AgentNote({ site: { id, agent } }: { site: SiteView }) {
  const { state, planRevision, heldRevision } = agent;
  if (state === 'not-enrolled') return <Command>{`ringwave site token ${id}`}</Command>;
  if (planRevision === 0) return null;
  if (state === 'away')
    return (
      <p>
        {heldRevision > 0
          ? `Goes on by itself with plan ${heldRevision}; no word since.`
          : 'Holds no plan, so it starts nothing.'}
      </p>
    );
  return (
    <p className="quiet">
      {heldRevision === planRevision
        ? `Plan ${planRevision} in force`
        : `Plan ${heldRevision} in force, plan ${planRevision} on its way`}
    </p>
  );
}

function Opening({ site }: { site: SiteView }) {
  const { opening, zone } = site;
  if (!opening) return <p className="quiet">No opening in the plan</p>;
  return (
    <p>
      <TimeText
        read={(now) => {
          if (now >= opening.end) return `Opening ended ${instantText(opening.end, zone, now)}`;
          if (now < opening.start)
            return `Opens ${instantText(opening.start, zone, now)}, ${relativeText(opening.start, now)}`;
          return `Open until ${instantText(opening.end, zone, now)}, closes ${relativeText(opening.end, now)}`;
        }}
      />
    </p>
  );
}

function Notices({ site }: { site: SiteView }) {
  const { notices, zone } = site;
  if (notices.length === 0) return null;
  return (
    <details>
      <summary>{counted(notices.length, 'notice')}</summary>
      <ul className="notices">
        {notices.map((notice) => (
          <li key={`${notice.at} ${notice.fault} ${notice.detail}`}>
            <When at={notice.at} zone={zone} />: <b>{notice.fault}</b>, {notice.detail}.{' '}
            {notice.advice}
          </li>
        ))}
      </ul>
    </details>
  );
}
