import { Suspense, useEffect } from 'react';
import { Announcer } from './announcer.tsx';
import { EmptyFleet, LoggedOut, NoRollout } from './empty.tsx';
import { HaltNote } from './halt-note.tsx';
import { Header } from './header.tsx';
import { lazyDialog } from './lazy-part.tsx';
import { useLive } from './live-context.tsx';
import type { LiveView } from './live-view.ts';
import { NeedsYou } from './needs-you.tsx';
import { PhoneTable } from './phone-table.tsx';
import { RolloutPanel } from './rollout-panel.tsx';
import { show, useRoute } from './route.ts';
import { Sites } from './sites.tsx';
import { StaleNote } from './stale-note.tsx';
import { firstShown, phonesIn, totalsOf } from './summary.ts';
import { Waves } from './waves.tsx';

const PhoneDrawer = lazyDialog(async () => (await import('./phone-drawer.tsx')).PhoneDrawer);
const SiteDrawer = lazyDialog(async () => (await import('./site-drawer.tsx')).SiteDrawer);

export function App() {
  const { link, view } = useLive();
  return (
    <>
      <Header />
      <main data-stale={link.kind === 'live' ? undefined : ''}>
        <StaleNote />
        {link.kind === 'logged-out' ? <LoggedOut /> : view ? <Fleet view={view} /> : <Loading />}
      </main>
    </>
  );
}

function Loading() {
  return (
    <p className="quiet" role="status">
      Asking the controller how things stand …
    </p>
  );
}

function Fleet({ view }: { view: LiveView }) {
  const route = useRoute();
  const rollout = view.rollouts.get(route.rollout) ?? firstShown(view.rollouts.values());
  const phones = rollout ? phonesIn(view.phones.values(), rollout.id) : [...view.phones.values()];
  const title = rollout ? titleOf(totalsOf(rollout)) : 'Ringwave';
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (view.sites.size === 0 || view.phones.size === 0) return <EmptyFleet view={view} />;
  return (
    <>
      {view.halt ? <HaltNote reason={view.halt.reason} /> : null}
      {rollout ? (
        <>
          <RolloutPanel view={view} rollout={rollout} phones={phones} />
          <NeedsYou view={view} shown={rollout} phones={phones} />
          <div className="columns">
            <Waves rollout={rollout} phones={phones} />
            <Sites view={view} phones={phones} named={rollout.sites} />
          </div>
          <Announcer rollout={rollout} phones={phones} />
        </>
      ) : (
        <>
          <NeedsYou view={view} shown={undefined} phones={[]} />
          <NoRollout />
          <Sites view={view} phones={[]} named={[...view.sites.keys()]} />
        </>
      )}
      <PhoneTable view={view} phones={phones} />
      {route.siteDrawer ? (
        <Suspense>
          <SiteDrawer
            key={route.siteDrawer}
            view={view}
            id={route.siteDrawer}
            close={() => show({ ...route, siteDrawer: '' })}
          />
        </Suspense>
      ) : null}
      {route.phone ? (
        <Suspense>
          <PhoneDrawer
            key={route.phone}
            view={view}
            compact={route.phone}
            close={() => show({ ...route, phone: '' })}
          />
        </Suspense>
      ) : null}
    </>
  );
}

const titleOf = ({ done, total }: { done: number; total: number }): string =>
  `${done}/${total} done · Ringwave`;
