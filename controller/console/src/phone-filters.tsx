import type { PhoneView } from '@ringwave/protocol/views';
import type { LiveView } from './live-view.ts';
import { show, useRoute } from './route.ts';
import { drifted, groupOf, ORDERS, type Order } from './summary.ts';
import { GROUPS, PHASE_SIGN } from './words.ts';

const ORDER_WORD: Record<Order, string> = {
  attention: 'attention first',
  site: 'site and MAC',
  next: 'next attempt',
};

interface Props {
  readonly view: LiveView;
  readonly phones: readonly PhoneView[];
}

export function PhoneFilters({ view, phones }: Props) {
  const route = useRoute();
  const sites = [...new Set(phones.map((phone) => phone.site))].sort();
  const isFiltered = [route.state, route.site, route.wave, route.text].some((one) => one !== '');
  return (
    <search className="filters">
      <label>
        Find
        <input
          type="search"
          value={route.text}
          placeholder="MAC, model, reason"
          onChange={(event) => show({ ...route, text: event.target.value }, { replace: true })}
        />
      </label>
      <StateChoice phones={phones} />
      <label>
        Site
        <select
          value={route.site}
          onChange={(event) => show({ ...route, site: event.target.value })}
        >
          <option value="">all sites</option>
          {sites.map((site) => (
            <option key={site} value={site}>
              {view.sites.get(site)?.name ?? site}
            </option>
          ))}
        </select>
      </label>
      <label>
        Order
        <select
          value={route.order}
          onChange={(event) => show({ ...route, order: event.target.value as Order })}
        >
          {ORDERS.map((order) => (
            <option key={order} value={order}>
              {ORDER_WORD[order]}
            </option>
          ))}
        </select>
      </label>
      {route.wave ? <span>Wave {route.wave}</span> : null}
      {isFiltered ? (
        <button
          type="button"
          onClick={() => show({ ...route, state: '', site: '', wave: '', text: '' })}
        >
          Show all
        </button>
      ) : null}
    </search>
  );
}

function StateChoice({ phones }: { phones: readonly PhoneView[] }) {
  const route = useRoute();
  const counts = new Map<string, number>();
  for (const phone of phones) {
    const group = groupOf(phone);
    counts.set(group, (counts.get(group) ?? 0) + 1);
    if (phone.drift) counts.set(drifted, (counts.get(drifted) ?? 0) + 1);
    const phase = phone.work?.phase;
    if (phase && phase !== group) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  const groups: readonly string[] = GROUPS;
  const phases = Object.keys(PHASE_SIGN).filter((phase) => !groups.includes(phase));
  const option = (state: string) => (
    <option key={state} value={state}>
      {state} ({counts.get(state) ?? 0})
    </option>
  );
  return (
    <label>
      State
      <select
        value={route.state}
        onChange={(event) => show({ ...route, state: event.target.value })}
      >
        <option value="">all states</option>
        <optgroup label="Groups">{GROUPS.map(option)}</optgroup>
        <optgroup label="Phases">{phases.map(option)}</optgroup>
        <optgroup label="Beside">{option(drifted)}</optgroup>
      </select>
    </label>
  );
}
