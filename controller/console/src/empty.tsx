import { useLive } from './live-context.tsx';
import type { LiveView } from './live-view.ts';
import { Command } from './parts.tsx';

// Nothing to show is a state too: it names the next step.

export function LoggedOut() {
  const { connect } = useLive();
  return (
    <section className="card empty">
      <h2>You are not logged in</h2>
      <p>
        Ringwave has no passwords. A link opens this console once, within an hour of being printed;
        the session then holds for twelve hours. Print a link where the controller runs, and open it
        in this browser:
      </p>
      <Command>ringwave controller login</Command>
      <p>
        <button type="button" onClick={connect}>
          I am logged in now
        </button>
      </p>
    </section>
  );
}

export function EmptyFleet({ view }: { view: LiveView }) {
  const hasSites = view.sites.size > 0;
  return (
    <section className="card empty">
      <h2>{hasSites ? 'No phones yet' : 'No sites yet'}</h2>
      {hasSites ? (
        <p>
          {[...view.sites.keys()].slice(0, 5).join(', ')} {view.sites.size === 1 ? 'is' : 'are'}{' '}
          known. Store the phones that stand there, from a JSON list with MAC, site, vendor and
          model:
        </p>
      ) : (
        <p>A site is a branch with its time zone and its windows. Store the first one:</p>
      )}
      <Command>
        {hasSites
          ? 'ringwave phone put --from phones.json'
          : 'ringwave site put lisbon --from lisbon.json'}
      </Command>
    </section>
  );
}

export function NoRollout() {
  return (
    <section className="card empty">
      <h2>Nothing is being rolled out</h2>
      <p>Import a release, then say which phones should run it and in which waves:</p>
      <Command>ringwave release import manifest.json --files images/</Command>
      <Command>ringwave release approve RELEASE --why &quot;tried in the lab&quot;</Command>
      <Command>ringwave rollout create --from autumn.json</Command>
    </section>
  );
}
