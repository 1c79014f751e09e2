import { chooseFeed } from '@ringwave/firmware-catalog/feed-settings';
import * as fc from 'fast-check';
import { test } from 'tap';
import { feedOf, following, noon, vendorSite } from './vendor-site.ts';

const settings = {
  kind: 'page',
  vendor: 'Yealink',
  entry: 'table.firmware tr.release',
  file: 'a.download',
  version: 'td.version',
  models: 'td.models',
  sha256: 'td.digest',
  notes: 'td.notes',
};

const row = (version: string, href = `/fw/T46S-${version}.rom`): string => `<tr class="release">
  <td class="models">T46S, T48S</td><td class="version"> ${version} </td>
  <td><a class="download" href="${href}">get</a></td>
  <td class="digest">SHA-256: ${'AB'.repeat(32)}</td>
  <td class="notes"><p onclick="x()">Fixes <b>calls</b></p><script>steal()</script><style>p{}</style></td></tr>`;

const page = (...rows: readonly string[]): string =>
  `<!DOCTYPE html><html><head><script>var tr = "<tr class='release'>";</script></head>
   <body><table class="firmware">${rows.join('')}</table></body></html>`;

test('a page is read by its selectors, and its scripts are nobody’s business', async (t) => {
  const site = await vendorSite(t, { '/downloads': page(row('66.86.0.15')) });
  const follower = following(`${site}/downloads`, settings);
  t.match(await follower.runOnce(noon), { kind: 'read', problems: [] });
  t.same(follower.state.items, [
    {
      vendor: 'Yealink',
      models: ['T46S', 'T48S'],
      version: '66.86.0.15',
      kind: 'firmware',
      files: [
        {
          fileName: 'T46S-66.86.0.15.rom',
          url: `${site}/fw/T46S-66.86.0.15.rom`,
          sha256: 'ab'.repeat(32),
        },
      ],
      flags: [{ code: 'no-length', detail: 'T46S-66.86.0.15.rom' }],
      notes: 'Fixes calls',
      source: `${site}/downloads`,
    },
  ]);
});

test('a page that was built anew, or that nests without end, keeps the last good state', async (t) => {
  const pages: Record<string, string> = { '/downloads': page(row('66.86.0.15')) };
  const site = await vendorSite(t, pages);
  const follower = following(`${site}/downloads`, settings);
  await follower.runOnce(noon);
  for (const body of [
    '<div class="card">66.86.0.25</div>',
    page(row('66.86.0.25', 'javascript:alert(1)')),
    page(row('no version at all')),
    '<div>'.repeat(2000),
  ]) {
    pages['/downloads'] = body;
    const later = following(`${site}/downloads`, settings);
    t.match(await later.runOnce(noon), { kind: 'failed', fault: 'feed-shape-changed' });
  }
  for (const many of ['<tr class="release"></tr>', '<div>', '<p>', '<']) {
    pages['/downloads'] = page(many.repeat(200_000));
    const later = following(`${site}/downloads`, settings);
    const beganAt = performance.now();
    t.match(await later.runOnce(noon), { kind: 'failed', fault: 'feed-too-long' });
    t.ok(performance.now() - beganAt < 2000);
  }
  t.equal(follower.state.items.length, 1);
});

test('selectors are checked before anything is followed, all at once', (t) => {
  const chosen = chooseFeed({
    ...settings,
    entry: 'tr:has(td:has(a))',
    file: 'a[href',
    version: '',
    colour: 'red',
  });
  t.same('problems' in chosen && chosen.problems.map(({ path }) => path), [
    'entry',
    'version',
    'colour',
  ]);
  const alone = chooseFeed({ ...settings, file: 'a[href' });
  t.match('problems' in alone && alone.problems, [{ path: 'file', reason: 'is no CSS selector' }]);
  t.match(chooseFeed({ kind: 'gopher' }), { problems: [{ path: 'kind' }] });
  t.match(chooseFeed(null), { problems: [{ path: 'kind' }] });
  t.match(chooseFeed({ kind: 'directory', vendor: 'Acme' }), { problems: [{ path: 'vendor' }] });
  for (const form of ['for {models}', '{version}{models}', '{version} {date}']) {
    const rules = [{ in: 'title', form }];
    const one = chooseFeed({ kind: 'syndication', vendor: 'Yealink', rules });
    t.match(one, { problems: [{ path: 'rules[0].form' }] }, form);
  }
  t.end();
});

test('no page makes the reader throw or dwell', (t) => {
  const feed = feedOf(settings);
  const piece = fc.oneof(
    fc.constantFrom('<table class="firmware">', '<tr class="release">', '<td class="version">1.2'),
    fc.constantFrom('<a class="download" href="', '">', '<script>', '</td>', '<b>', '<!--', '&#'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      feed.read({ url: 'http://vendor.example/', body: pieces.join('') });
    }),
    { seed: 20_260_106, numRuns: 200 },
  );
  t.end();
});
