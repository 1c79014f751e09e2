import type { RehearsalRunView, RehearsalView } from '@ringwave/protocol/rehearsal-view';
import { useState } from 'react';
import { bytesText } from './bytes-text.ts';
import type { LiveView } from './live-view.ts';
import { RehearsalSites } from './rehearsal-sites.tsx';
import { compactMac } from './route.ts';
import { counted, instantText, spanText } from './time-text.ts';

// What a rehearsal says: when it ends, what it costs, who waits longest, and who never finishes and why.

interface Props {
  readonly result: RehearsalView;
  readonly view: LiveView;
  readonly daysMax: number;
}

export function RehearsalResult({ result, view, daysMax }: Props) {
  const { from, finish, runs } = result;
  const [seed, setSeed] = useState(runs[0]?.seed);
  const run = runs.find((one) => one.seed === seed) ?? runs[0];
  const by = (at: number | null) =>
    at === null ? `not within ${counted(daysMax, 'day')}` : `by ${instantText(at, 'UTC', from)}`;
  return (
    <section className="rehearsal" aria-label="What the rehearsal says">
      <p className="sentence" role="status">
        Half of the runs end <b>{by(finish.p50)}</b>, nine of ten {by(finish.p90)}, the last{' '}
        {by(finish.last)}
      </p>
      <FinishStrip result={result} />
      <RunTable runs={runs} from={from} seed={run?.seed} onChoose={setSeed} />
      {run ? (
        <>
          <Stops run={run} from={from} />
          <Never run={run} view={view} />
          <RehearsalSites run={run} from={from} view={view} />
        </>
      ) : null}
      <p className="quiet">
        Assumed: one phone in ten is in a call from 8 to 18 by its site’s clock, a phone that was
        not seen for two days is off, outside checks say yes, no image is on site yet.
      </p>
    </section>
  );
}

/** Each run’s end on one line of time, with the middle one and one in ten marked. */
function FinishStrip({ result: { from, finish, runs } }: { result: RehearsalView }) {
  const ends = runs.flatMap(({ finishedAt }) => finishedAt ?? []);
  const last = Math.max(...ends);
  if (ends.length === 0 || last <= from) return null;
  const place = (at: number) => `${(100 * (at - from)) / (last - from)}%`;
  const marks = [
    ['p10', finish.p10],
    ['p50', finish.p50],
    ['p90', finish.p90],
  ] as const;
  return (
    <figure className="finish">
      <div className="axis" aria-hidden="true">
        {runs.map(({ seed, finishedAt }) =>
          finishedAt === null ? null : (
            <span key={seed} className="dot" style={{ insetInlineStart: place(finishedAt) }} />
          ),
        )}
      </div>
      <figcaption>
        <dl className="facts">
          {marks.map(([name, at]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {at === null ? (
                  'not within the days looked ahead'
                ) : (
                  <>
                    {instantText(at, 'UTC', from)}, after {spanText(at - from)}
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </figcaption>
    </figure>
  );
}

const COLUMNS = [
  'Run',
  'Ends',
  'Done',
  'Failed',
  'Skipped',
  'Open',
  'WAN',
  'LAN',
  'Phone minutes',
  'Quorum waits',
];

function RunTable(props: {
  runs: readonly RehearsalRunView[];
  from: number;
  seed: number | undefined;
  onChoose: (seed: number) => void;
}) {
  const { runs, from, seed, onChoose } = props;
  const cells = (run: RehearsalRunView) => [
    run.finishedAt === null ? `not (${run.state})` : instantText(run.finishedAt, 'UTC', from),
    ...[run.done, run.failed, run.skipped, run.open].map((one) => one.toLocaleString('en-GB')),
    bytesText(run.wanBytes),
    bytesText(run.lanBytes),
    run.phoneMinutesLost.toLocaleString('en-GB'),
    run.quorumWaits.toLocaleString('en-GB'),
  ];
  return (
    <table role="table" className="figures" aria-label="All runs">
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {runs.map((run) => (
          <tr key={run.seed} role="row" data-seed={run.seed}>
            <th role="rowheader" scope="row">
              <button
                type="button"
                className="link"
                aria-pressed={run.seed === seed}
                aria-label={`Run ${run.seed}: show its sites below`}
                onClick={() => onChoose(run.seed)}
              >
                {run.seed}
              </button>
            </th>
            {cells(run).map((cell, place) => (
              <td key={COLUMNS[place + 1]} role="cell" data-name={COLUMNS[place + 1]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Stops({ run, from }: { run: RehearsalRunView; from: number }) {
  if (run.stops.length === 0) return null;
  return (
    <section>
      <h3>
        Stops of run {run.seed} ({run.stops.length})
      </h3>
      <ul className="notices">
        {run.stops.map(({ at, reason }) => (
          <li key={`${at} ${reason}`}>
            {instantText(at, 'UTC', from)}: {reason}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Never({ run, view }: { run: RehearsalRunView; view: LiveView }) {
  const { neverSites, neverPhones, seed } = run;
  if (neverSites.length + neverPhones.length === 0)
    return <p>In run {seed} every phone is done in the end.</p>;
  const nameOf = (site: string) => view.sites.get(site)?.name ?? site;
  return (
    <section className="note tone-hold">
      <h3>Never finish in run {seed}</h3>
      <ul className="notices">
        {neverSites.map(({ site, why }) => (
          <li key={site}>
            Site <b>{nameOf(site)}</b>: {why}
          </li>
        ))}
        {neverPhones.map(({ why, count, first }) => (
          <li key={why}>
            <b>{counted(count, 'phone')}</b>: {why} (
            {first.slice(0, namedMax).map(({ mac, site }, place) => (
              <span key={mac}>
                {place === 0 ? '' : ', '}
                <a className="mono" href={`#/phone/${compactMac(mac)}`}>
                  {mac}
                </a>{' '}
                at {nameOf(site)}
              </span>
            ))}
            {count > namedMax ? ', …' : ''})
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Named for one reason: enough to look at some. */
const namedMax = 5;
