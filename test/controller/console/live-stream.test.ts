import type { EpochMs } from '@ringwave/protocol/units';
import { ms } from '@ringwave/protocol/units';
import type { LiveDelta, LiveSnapshot, PhoneView, SiteView } from '@ringwave/protocol/views';
import { type Test, test } from 'tap';
import { type LiveEars, LiveStream } from '../../../controller/console/src/live-stream.ts';
import {
  backOffMs,
  foldLive,
  hearClock,
  type LiveView,
  timeOn,
} from '../../../controller/console/src/live-view.ts';
import { HandClock } from '../../hand-clock.ts';

const noon = Date.UTC(2026, 10, 18, 12);

const phone = (mac: string, site = 'lisbon'): PhoneView => ({
  mac,
  site,
  vendor: 'Yealink',
  model: 'T46S',
  emergency: false,
  running: null,
  seenAt: null,
  address: null,
  credential: null,
  work: null,
});

const site = (id: string): SiteView => ({
  id,
  name: id,
  zone: 'Europe/Lisbon',
  phones: 1,
  agent: {
    state: 'connected',
    lastHeardAt: noon,
    version: null,
    fits: null,
    planRevision: 1,
    heldRevision: 1,
  },
  opening: null,
  notices: [],
});

const snapshot = (part: Partial<LiveSnapshot> = {}): LiveSnapshot => ({
  kind: 'snapshot',
  epoch: 'one',
  seq: 7,
  at: noon,
  demo: false,
  halt: null,
  rollouts: [],
  sites: [site('lisbon')],
  phones: [phone('80:5e:c0:00:00:01')],
  phonesTotal: 1,
  ...part,
});

const delta = (part: Partial<LiveDelta> = {}): LiveDelta => ({
  kind: 'delta',
  epoch: 'one',
  seq: 8,
  at: noon + 100,
  ...part,
});

function known(): LiveView {
  const view = foldLive(undefined, snapshot());
  if (view === 'resync') throw new Error('a snapshot always gives a view');
  return view;
}

test('a delta changes what it names, drops what is gone, and keeps the rest as it was', (t) => {
  const before = known();
  const added = phone('80:5e:c0:00:00:02');
  const after = foldLive(before, delta({ phones: [added] })) as LiveView;
  t.strictSame([...after.phones.keys()], ['80:5e:c0:00:00:01', added.mac]);
  t.equal(after.phonesTotal, 2);
  t.equal(after.sites, before.sites, 'sites were not touched');
  const gone = { sites: ['lisbon'], phones: [added.mac], rollouts: [] };
  const later = foldLive(after, delta({ seq: 9, gone })) as LiveView;
  t.strictSame(
    [later.sites.size, [...later.phones.keys()], later.phonesTotal],
    [0, ['80:5e:c0:00:00:01'], 1],
  );
  t.end();
});

test('a doubled delta changes nothing; a gap or another epoch asks for everything again', (t) => {
  const view = known();
  t.equal(foldLive(view, delta({ seq: 7, phones: [phone('80:5e:c0:00:00:09')] })), view);
  t.equal(foldLive(view, delta({ seq: 9 })), 'resync');
  t.equal(foldLive(view, delta({ epoch: 'two' })), 'resync');
  t.equal(foldLive(undefined, delta()), 'resync');
  const restarted = foldLive(view, snapshot({ epoch: 'two', seq: 0, phones: [] })) as LiveView;
  t.strictSame([restarted.epoch, restarted.seq, restarted.phones.size], ['two', 0, 0]);
  t.end();
});

test("the controller's clock is followed at its own speed, and believed again after a sleep", (t) => {
  let clock = hearClock(undefined, { at: noon, heardAt: 1000 });
  t.equal(timeOn(clock, 3000), noon + 2000);
  clock = hearClock(clock, { at: noon + 100_000, heardAt: 6000 });
  t.equal(clock.speed, 20);
  t.equal(timeOn(clock, 6500), noon + 110_000);
  clock = hearClock(clock, { at: noon + 160_000, heardAt: 70_000 });
  clock = hearClock(clock, { at: noon + 170_000, heardAt: 80_000 });
  t.equal(clock.speed, 1);
  t.end();
});

test('waits between reconnects double up to eight seconds and are spread by chance', (t) => {
  t.strictSame(
    [0, 1, 2, 9, 99].map((failures) => backOffMs(failures, 1)),
    [700, 1200, 2200, 8200, 8200],
  );
  t.equal(backOffMs(9, 0), 200);
  t.end();
});

interface Opened {
  readonly stream: LiveStream;
  readonly wall: HandClock;
  /** What each connection asked for, in order, with its far end. */
  readonly opened: { query: string; ears: LiveEars }[];
  readonly session: { isOpen: boolean };
  readonly drawn: () => number;
}

/** A stream whose frames are drawn at once and whose chance is always one half. */
function open(t: Test): Opened {
  const wall = new HandClock(0 as EpochMs);
  const opened: Opened['opened'] = [];
  const session = { isOpen: true };
  let frames = 0;
  const stream = new LiveStream({
    open: (query, ears) => {
      const connection = { query, ears };
      opened.push(connection);
      return { close: () => {} };
    },
    isLoggedIn: async () => session.isOpen,
    random: () => 0.5,
    steadyMs: () => wall.now(),
    after: (waitMs, fn) => wall.after(ms(waitMs), fn),
    beforeFrame: (fn) => fn(),
  });
  stream.subscribe(() => {
    frames += 1;
  });
  stream.connect();
  t.equal(opened.length, 1);
  return { stream, wall, opened, session, drawn: () => frames };
}

test('a broken line is resumed where it broke off', async (t) => {
  const { stream, wall, opened } = open(t);
  t.equal(stream.state().link.kind, 'connecting');
  opened[0]?.ears.message(JSON.stringify(snapshot()));
  opened[0]?.ears.message(JSON.stringify(delta()));
  t.equal(stream.state().link.kind, 'live');
  opened[0]?.ears.closed();
  t.strictSame(stream.state().link, { kind: 'reconnecting', retryAt: 450 });
  t.equal(stream.state().view?.seq, 8, 'what was known stays on show');
  wall.pass(450);
  t.strictSame(
    opened.map(({ query }) => query),
    ['', '?epoch=one&since=8'],
  );
  t.equal(stream.state().link.kind, 'catching-up');
  opened[1]?.ears.message(JSON.stringify(delta({ seq: 9 })));
  t.equal(stream.state().link.kind, 'live');
});

test('a gap drops the picture and asks for a new one at once', (t) => {
  const { stream, opened } = open(t);
  opened[0]?.ears.message(JSON.stringify(snapshot()));
  opened[0]?.ears.message(JSON.stringify(delta({ seq: 10 })));
  t.strictSame([opened.length, opened[1]?.query], [2, '']);
  opened[1]?.ears.message(JSON.stringify(snapshot({ seq: 10 })));
  t.strictSame([stream.state().link.kind, stream.state().view?.seq], ['live', 10]);
  t.end();
});

test('silence for 25 s is a dead line, however open the socket looks', (t) => {
  const { stream, wall, opened } = open(t);
  opened[0]?.ears.message(JSON.stringify(snapshot()));
  wall.pass(24_999);
  t.equal(stream.state().link.kind, 'live');
  opened[0]?.ears.message(JSON.stringify(delta()));
  wall.pass(24_999);
  t.equal(stream.state().link.kind, 'live', 'a delta that carries nothing counts as a word');
  wall.pass(1);
  t.equal(stream.state().link.kind, 'reconnecting');
  t.end();
});

test('an ended session clears the page and stops asking', async (t) => {
  const { stream, wall, opened, session } = open(t);
  opened[0]?.ears.message(JSON.stringify(snapshot()));
  session.isOpen = false;
  opened[0]?.ears.closed();
  await Promise.resolve();
  await Promise.resolve();
  t.strictSame([stream.state().link.kind, stream.state().view], ['logged-out', undefined]);
  wall.pass(60_000);
  t.equal(opened.length, 1);
});
