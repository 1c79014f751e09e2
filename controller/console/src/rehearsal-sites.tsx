import type { RehearsalRunView, RehearsalSiteView } from '@ringwave/protocol/rehearsal-view';
import { useState } from 'react';
import { bytesText } from './bytes-text.ts';
import type { LiveView } from './live-view.ts';
import { counted, instantText } from './time-text.ts';

interface Props {
  readonly run: RehearsalRunView;
  readonly from: number;
  readonly view: LiveView;
}

/** Sites drawn at first: those that end last are what a rollout is judged by. */
const sitesShown = 12;

/** When each site is busy, on one line of time; the one that ends last comes first. */
export function RehearsalSites({ run, from, view }: Props) {
  const [isAll, setIsAll] = useState(false);
  const sites = [...run.sites].sort(
    (a, b) => (b.lastDoneAt ?? b.firstStartAt ?? 0) - (a.lastDoneAt ?? a.firstStartAt ?? 0),
  );
  const end = Math.max(from + 1, ...sites.map((site) => site.lastDoneAt ?? from));
  const shown = isAll ? sites : sites.slice(0, sitesShown);
  return (
    <section>
      <h3>Sites of run {run.seed}, the last to end first</h3>
      <ol className="timeline">
        {shown.map((site) => (
          <SiteLine key={site.site} site={site} from={from} end={end} view={view} />
        ))}
      </ol>
      {sites.length > shown.length ? (
        <button type="button" onClick={() => setIsAll(true)}>
          Show {counted(sites.length - shown.length, 'more site')}
        </button>
      ) : null}
    </section>
  );
}

function SiteLine(props: { site: RehearsalSiteView; from: number; end: number; view: LiveView }) {
  const { site, from, end, view } = props;
  const { firstStartAt, lastDoneAt, phones, starts, quorumWaits } = site;
  const known = view.sites.get(site.site);
  const zone = known?.zone ?? 'UTC';
  const part = (at: number) => (100 * (at - from)) / (end - from);
  const begins = firstStartAt === null ? 0 : part(firstStartAt);
  const long = firstStartAt === null ? 0 : part(lastDoneAt ?? end) - begins;
  return (
    <li>
      <span className="site-name">{known?.name ?? site.site}</span>
      <span className="axis" aria-hidden="true">
        {firstStartAt === null ? null : (
          <span
            className={lastDoneAt === null ? 'span tone-hold' : 'span tone-busy'}
            style={{ insetInlineStart: `${begins}%`, inlineSize: `max(4px, ${long}%)` }}
          />
        )}
      </span>
      <span className="told">
        {firstStartAt === null
          ? 'no phone is started'
          : `${instantText(firstStartAt, zone, from)} to ${lastDoneAt === null ? 'nobody done' : instantText(lastDoneAt, zone, from)}`}
        <span className="quiet">
          {' '}
          {counted(phones, 'phone')}, {counted(starts, 'start')}, {bytesText(site.wanBytes)} over
          the WAN, {bytesText(site.lanBytes)} over the LAN,{' '}
          {counted(site.phoneMinutesLost, 'phone minute')} lost
          {quorumWaits > 0 ? `, ${counted(quorumWaits, 'phone')} waited for coverage` : ''}
        </span>
      </span>
    </li>
  );
}
