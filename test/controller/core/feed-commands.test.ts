import type { AdvisoryClaim } from '@ringwave/firmware-catalog/advisory-claim';
import type { Announcement } from '@ringwave/firmware-catalog/announcement';
import { parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import { test } from 'tap';
import { advisoryBoard } from '../../../controller/core/advisory-board.ts';
import { advisoryDetail, advisoryViews } from '../../../controller/core/advisory-view.ts';
import { announcementsMax } from '../../../controller/core/announcement-commands.ts';
import { keyedOf, vulnerabilitiesMax } from '../../../controller/core/claim-commands.ts';
import { complianceView, verdictsOf } from '../../../controller/core/compliance.ts';
import type { Brought, KeyedClaim } from '../../../controller/core/feed-tables.ts';
import { announcementsPage, runsOf } from '../../../controller/core/feed-view.ts';
import { Desk, feedRun, macOf, releaseOf, smallFleet } from './desk.ts';

const announced = (own: Partial<Announcement> = {}): Announcement => ({
  vendor: 'Yealink',
  models: ['T46S'],
  version: '66.86.0.15',
  kind: 'firmware',
  files: [{ fileName: 'T46S.rom', sha256: 'a'.repeat(64), lengthBytes: 5 }],
  flags: [],
  notes: '',
  source: 'https://vendor.example/page',
  ...own,
});

const claim = (id: string, own: Partial<AdvisoryClaim> = {}): AdvisoryClaim => ({
  id,
  issuer: 'acme',
  products: [{ vendor: 'Yealink', product: 'SIP-T46S', versions: { below: '66.86.0.10' } }],
  scores: [],
  source: 'https://acme.example/1',
  ...own,
});

const brings = (claims: readonly KeyedClaim[], documents: readonly string[] = []): Brought => ({
  claims: { claims, documents },
});
const document = (name: string, ...claims: AdvisoryClaim[]): Brought =>
  brings(keyedOf(name, claims), [name]);
const ids = (desk: Desk): string[] => advisoryViews(desk.tables, desk.now).map(({ id }) => id);
const latest = (desk: Desk) => runsOf(desk.tables, 'vendor')[0];
const verdict = (desk: Desk) => {
  const phone = desk.tables.phones.get(macOf(1));
  const all = phone ? verdictsOf(complianceView(desk.tables, desk.now), phone) : [];
  const found = all.find(({ rule }) => rule === 'firmware-not-vulnerable');
  return `${found?.verdict}: ${found?.evidence}`;
};

test('the log of a feed keeps its last hundred runs, the newest first', (t) => {
  const desk = new Desk();
  for (let run = 0; run < 103; run += 1) desk.do(feedRun({ brought: {} }));
  const runs = runsOf(desk.tables, 'vendor');
  t.equal(runs.length, 100);
  t.same([runs[0]?.seq, runs.at(-1)?.seq], [103, 4]);
  t.end();
});

test('an announcement is kept once, and names the release that its files became', (t) => {
  const desk = new Desk().do(feedRun({ brought: { announcements: [announced(), announced()] } }));
  t.match(latest(desk), { added: 1, changed: 0, refused: 0 });
  const page = () => announcementsPage(desk.tables, { limit: 10 }).announcements;
  t.match(page(), [{ vendor: 'Yealink', version: '66.86.0.15', from: 'vendor', release: null }]);
  desk.do({ kind: 'release-put', release: releaseOf() });
  t.equal(page()[0]?.release, releaseOf().id);
  desk.do(feedRun({ brought: { announcements: [announced()] } }));
  t.match(latest(desk), { added: 0, changed: 0 });
  t.end();
});

test('an announcement that comes later flags the one that is there, and nothing else', (t) => {
  const other = announced({
    version: '66.85.0.5',
    files: [{ fileName: 'x-66.85.0.5.rom', sha256: 'c'.repeat(64), lengthBytes: 9 }],
  });
  const desk = new Desk().do(feedRun({ brought: { announcements: [announced(), other] } }));
  const again = announced({
    files: [{ fileName: 'T46S.rom', sha256: 'b'.repeat(64), lengthBytes: 5 }],
  });
  desk.do(feedRun({ brought: { announcements: [again] } }));
  t.match(latest(desk), { added: 1, changed: 1 });
  const flagged = announcementsPage(desk.tables, { limit: 10, flag: 're-released' });
  const digests = flagged.announcements.flatMap(({ files }) => files[0]?.sha256?.[0] ?? []);
  t.same(new Set(digests), new Set(['a', 'b']));
  t.end();
});

test('pages of announcements go on where the one before ended', (t) => {
  const announcements = ['1', '2', '3'].map((nth) =>
    announced({
      version: `66.86.0.${nth}`,
      files: [{ fileName: `${nth}.rom`, sha256: nth.repeat(64) }],
    }),
  );
  const desk = new Desk().do(feedRun({ brought: { announcements } }));
  const first = announcementsPage(desk.tables, { limit: 2, vendor: 'yealink' });
  const rest = announcementsPage(desk.tables, { limit: 2, after: first.next ?? '' });
  t.equal(first.announcements.length, 2);
  t.equal(rest.announcements.length, 1);
  t.equal(rest.next, null);
  t.same(announcementsPage(desk.tables, { limit: 2, model: 'T48S' }).announcements, []);
  t.end();
});

test('a full table refuses what is new by name, and keeps what it has', (t) => {
  const desk = new Desk();
  const row = { announcement: announced({ files: [] }), from: 'vendor', firstAt: desk.now };
  for (let nth = 0; nth < announcementsMax; nth += 1) {
    desk.tables.announcements.set(`${nth}`, { ...row, id: `${nth}` });
  }
  for (let nth = 0; nth < vulnerabilitiesMax; nth += 1) {
    desk.tables.claims.set(`X-${nth}`, { id: `X-${nth}`, held: [] });
  }
  desk.do(feedRun({ brought: { announcements: [announced()] } }));
  t.match(latest(desk), { fault: 'announcements-full', added: 0, refused: 1 });
  t.equal(desk.tables.announcements.size, announcementsMax);
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) }));
  t.match(latest(desk), { fault: 'advisories-full', added: 0, refused: 1 });
  t.match(desk.refusals({ kind: 'announcements-put', announcements: [announced()] }), [
    { thing: 'Yealink 66.86.0.15', reason: /announcements-full/ },
  ]);
  t.end();
});

test('claims of several issuers stand side by side, and one phone gets one verdict with its words', (t) => {
  const desk = smallFleet(1);
  t.equal(verdict(desk), 'unknown: No advisory for Yealink is known here');
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) }));
  t.equal(
    verdict(desk),
    'fail: Runs 66.85.0.5: CVE-2025-0001 exposed (66.85.0.5 is older than 66.86.0.10)',
  );
  const nvd = claim('CVE-2025-0001', {
    issuer: 'nvd',
    scores: [{ issuer: 'nvd@nist.gov', system: 'cvss-3.1', score: 9.8 }],
  });
  desk.do(feedRun({ brought: brings([{ by: 'nvd', claim: nvd }]) }));
  const [one] = advisoryViews(desk.tables, desk.now);
  t.match(one, { scores: [{ score: 9.8 }], priority: { rule: 'critical' } });
  t.match(advisoryDetail(desk.tables, 'CVE-2025-0001', desk.now)?.exposed, {
    models: [{ vendor: 'Yealink', model: 'T46S', phones: { exposed: 1 } }],
    phones: [{ mac: macOf(1), version: '66.85.0.5', verdict: 'exposed' }],
    phonesLeftOut: 0,
  });
  t.end();
});

test('a condition that nothing shows leaves a phone unknown, and a fix that it runs lets it pass', (t) => {
  const range = { vendor: 'Yealink', product: 'SIP-T46S', versions: { below: '66.86.0.10' } };
  const unless = claim('CVE-2025-0002', {
    products: [{ ...range, condition: 'only with ICE enabled' }],
  });
  const desk = smallFleet(1).do(feedRun({ brought: document('csaf acme 2', unless) }));
  t.match(verdict(desk), /^unknown: Runs 66\.85\.0\.5: CVE-2025-0002 exposed-unless \(.*ICE/);
  const mended = { ...range, fixedIn: ['66.85.0.5'] };
  desk.do(
    feedRun({ brought: document('csaf acme 2', claim('CVE-2025-0002', { products: [mended] })) }),
  );
  t.equal(verdict(desk), 'pass: Runs 66.85.0.5: none of 1 advisories for Yealink applies');
  t.end();
});

test('NVD, KEV and EPSS make no advisory of what no phone has, and tell more of what one has', (t) => {
  const router = { vendor: 'cisco', product: 'ios_xe', versions: { all: true as const } };
  const nvd = claim('CVE-2025-0003', { issuer: 'nvd', products: [router] });
  const kev = claim('CVE-2025-0001', { issuer: 'cisa-kev', products: [], exploited: {} });
  const likelihood = { chance: 0.5, percentile: 0.9, on: '2026-01-01' };
  const epss = claim('CVE-2025-0001', { issuer: 'first-epss', products: [], likelihood });
  const desk = smallFleet(1).do(
    feedRun({
      brought: brings([
        { by: 'nvd', claim: nvd },
        { by: 'kev', claim: kev },
        { by: 'epss', claim: epss },
      ]),
    }),
  );
  t.same(ids(desk), []);
  t.match(verdict(desk), /^unknown: No advisory/);
  t.same(desk.tables.claims.get('CVE-2025-0003')?.held[0]?.claim.products, []);
  desk.wait(60);
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) }));
  t.same(ids(desk), ['CVE-2025-0001']);
  t.match(advisoryViews(desk.tables, desk.now), [
    {
      exploited: { issuer: 'cisa-kev' },
      likelihood: { chance: 0.5 },
      priority: { rule: 'exploited' },
      knownAt: desk.now,
    },
  ]);
  t.end();
});

test('what a document claims no longer is taken back, and what others claim stays', (t) => {
  const first = document('csaf acme 1', claim('CVE-2025-0001'), claim('CVE-2025-0002'));
  const other = document('csaf other 1', claim('CVE-2025-0002'));
  const desk = new Desk().do(feedRun({ brought: first }), feedRun({ brought: other }));
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0004')) }));
  t.same(ids(desk), ['CVE-2025-0002', 'CVE-2025-0004']);
  t.same(
    desk.tables.claims.get('CVE-2025-0002')?.held.map(({ by }) => by),
    ['csaf other 1'],
  );
  t.end();
});

test('a vulnerability that one document tells twice keeps both claims', (t) => {
  const twice = document('csaf acme 1', claim('CVE-2025-0001'), claim('CVE-2025-0001'));
  const desk = new Desk().do(feedRun({ brought: twice }));
  const held = () => desk.tables.claims.get('CVE-2025-0001')?.held.map(({ by }) => by);
  t.same(held(), ['csaf acme 1', 'csaf acme 1#2']);
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) }));
  t.same(held(), ['csaf acme 1']);
  t.end();
});

test('the board is built anew only when claims change', (t) => {
  const desk = smallFleet(1).do(
    feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) }),
  );
  const board = advisoryBoard(desk.tables);
  desk.do(feedRun({ brought: document('csaf acme 1', claim('CVE-2025-0001')) })).wait(5);
  t.equal(advisoryBoard(desk.tables), board);
  desk.do(feedRun({ brought: document('csaf acme 2', claim('CVE-2025-0002')) }));
  t.not(advisoryBoard(desk.tables), board);
  t.equal(
    advisoryBoard(desk.tables).advisories.get('CVE-2025-0001')?.placed,
    board.advisories.get('CVE-2025-0001')?.placed,
    'what did not change is not placed again',
  );
  t.end();
});

test('advisories stored by an earlier version become claims at the start, once', (t) => {
  const { advisory } = parseAdvisory({
    id: 'YSA-1',
    vendor: 'Yealink',
    models: ['T46S'],
    affected: { below: '66.86.0.10' },
    severity: 'high',
    source: 'https://example.test/ysa-1',
    title: 'An example',
  });
  if (!advisory) throw new Error('it is well-formed');
  const desk = smallFleet(1);
  desk.tables.advisories.set(advisory.id, advisory);
  desk.take({ kind: 'started' });
  t.equal(desk.tables.advisories.size, 0);
  t.match(advisoryViews(desk.tables, desk.now), [
    { id: 'YSA-1', title: 'An example (high, says its issuer)', class: 'phone' },
  ]);
  t.equal(
    verdict(desk),
    'fail: Runs 66.85.0.5: YSA-1 exposed (66.85.0.5 is older than 66.86.0.10)',
  );
  t.end();
});
