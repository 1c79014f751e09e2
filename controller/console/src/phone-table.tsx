import type { PhoneView } from '@ringwave/protocol/views';
import { memo, type ReactNode, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { LiveView } from './live-view.ts';
import { NextAttempt } from './next-attempt.tsx';
import { State } from './parts.tsx';
import { PhoneFilters } from './phone-filters.tsx';
import { compactMac, hashOf, useRoute } from './route.ts';
import type { Meant } from './selection-asked.ts';
import { SelectionBox } from './selection-box.tsx';
import { inOrder, matchesFilter } from './summary.ts';
import { counted } from './time-text.ts';
import { PHASE_SIGN } from './words.ts';

/** Rows drawn at once: more make every update of the page slow to draw. */
const rowsStep = 200;

const COLUMNS = [
  'Phone',
  'Site',
  'Model',
  'Running → target',
  'State',
  'Reason',
  'Waiting for',
  'Next attempt',
  'Attempt',
];

interface Props {
  readonly view: LiveView;
  readonly phones: readonly PhoneView[];
}

export function PhoneTable({ view, phones: newest }: Props) {
  const route = useRoute();
  // A long list is drawn between frames, so that it never holds up typing or the counts above it.
  const phones = useDeferredValue(newest);
  const [rowsMax, setRowsMax] = useState(rowsStep);
  const [meant, setMeant] = useState<Meant>();
  const text = useDeferredValue(route.text);
  const found = useMemo(() => {
    const { state, site, wave, order } = route;
    const matching = phones.filter(
      (phone) =>
        (!meant || meant.macs.has(phone.mac)) && matchesFilter(phone, { state, site, wave, text }),
    );
    return inOrder(matching, order);
  }, [phones, route.state, route.site, route.wave, route.order, text, meant]);
  const rows = useRef<HTMLTableSectionElement>(null);
  const shown = useSteadyOrder(found, rows.current).slice(0, rowsMax);
  const left = found.length - shown.length;
  const filters = hashOf({ ...route, phone: '', siteDrawer: '' }).slice('#/'.length);
  return (
    <section className="card" aria-labelledby="phones-head">
      <div className="phones-head">
        <h2 id="phones-head">Phones</h2>
        <p className="quiet" id="phones-count">
          {found.length === phones.length
            ? counted(phones.length, 'phone')
            : `${found.length} of ${counted(phones.length, 'phone')}`}
        </p>
      </div>
      <PhoneFilters view={view} phones={phones} />
      <SelectionBox view={view} meant={meant} onFound={setMeant} />
      {found.length === 0 ? (
        <p className="empty">No phone fits these filters.</p>
      ) : (
        <table role="table" className="phones" aria-labelledby="phones-head">
          <thead role="rowgroup">
            <tr role="row">
              {COLUMNS.map((column) => (
                <th key={column} role="columnheader" scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup" ref={rows}>
            {shown.map((phone) => (
              <PhoneRow
                key={phone.mac}
                phone={phone}
                zone={view.sites.get(phone.site)?.zone ?? 'UTC'}
                siteName={view.sites.get(phone.site)?.name ?? phone.site}
                href={`#/phone/${compactMac(phone.mac)}${filters}`}
              />
            ))}
          </tbody>
        </table>
      )}
      {left > 0 ? (
        <button type="button" onClick={() => setRowsMax(rowsMax + rowsStep)}>
          Show {Math.min(left, rowsStep)} more of {left}
        </button>
      ) : null}
      <NotListed view={view} />
    </section>
  );
}

/** While the focus is in the list its rows keep their places: nothing jumps away under a reader. */
function useSteadyOrder(found: PhoneView[], rows: HTMLElement | null): PhoneView[] {
  const last = useRef<readonly string[]>([]);
  const isHeld = rows?.contains(document.activeElement) ?? false;
  const place = isHeld ? new Map(last.current.map((mac, index) => [mac, index])) : undefined;
  const placeOf = (phone: PhoneView) => place?.get(phone.mac) ?? found.length;
  const shown = place ? [...found].sort((a, b) => placeOf(a) - placeOf(b)) : found;
  last.current = shown.map((phone) => phone.mac);
  return shown;
}

interface RowProps {
  readonly phone: PhoneView;
  readonly zone: string;
  readonly siteName: string;
  readonly href: string;
}

const PhoneRow = memo(({ phone, zone, siteName, href }: RowProps) => {
  const { mac, extension, emergency, model, running, work } = phone;
  const open = () => {
    window.location.hash = href;
  };
  return (
    <tr role="row" data-mac={mac} data-phase={work?.phase} onClick={open}>
      <th role="rowheader" scope="row" className="phone">
        <a href={href} className="mono" onClick={(event) => event.stopPropagation()}>
          {mac}
        </a>
        {extension || emergency ? (
          <span className="second">
            {extension ? <span className="quiet">ext. {extension} </span> : null}
            {emergency ? <span className="emergency">emergency</span> : null}
          </span>
        ) : null}
      </th>
      <Cell name="Site" title={siteName}>
        {siteName}
      </Cell>
      <Cell name="Model">{model}</Cell>
      <Cell name="Running → target" mono>
        {running?.version ?? 'unknown'}
        {work && work.target !== running?.version ? (
          <span className="second"> → {work.target}</span>
        ) : null}
        {phone.drift ? <span className="second warning">drifted</span> : null}
      </Cell>
      <Cell name="State">
        {work ? <State sign={PHASE_SIGN[work.phase]} word={work.phase} /> : 'in no rollout'}
      </Cell>
      <Cell name="Reason">{work?.reason}</Cell>
      <Cell name="Waiting for">{work?.waitingFor}</Cell>
      <Cell name="Next attempt">
        {work?.nextAttemptAt === undefined ? null : <NextAttempt phone={phone} zone={zone} />}
      </Cell>
      <Cell name="Attempt">
        {work?.attempt === undefined ? null : `${work.attempt} of ${work.attemptsMax}`}
      </Cell>
    </tr>
  );
});

function Cell(props: { name: string; mono?: boolean; title?: string; children: ReactNode }) {
  const { name, mono, title, children } = props;
  return (
    <td role="cell" data-name={name} title={title} className={mono ? 'mono' : undefined}>
      {children === null || children === undefined ? null : <div>{children}</div>}
    </td>
  );
}

function NotListed({ view }: { view: LiveView }) {
  const route = useRoute();
  const left = view.phonesTotal - view.phones.size;
  if (left <= 0) return null;
  return (
    <p className="quiet">
      {counted(left, 'phone')} of the fleet are not listed here. Read one with{' '}
      <code>ringwave phone explain MAC</code>
      {route.site ? (
        <>
          , or a site with <code>ringwave phone list --site {route.site}</code>
        </>
      ) : null}
    </p>
  );
}
