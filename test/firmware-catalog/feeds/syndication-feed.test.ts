import * as fc from 'fast-check';
import { test } from 'tap';
import { feedOf, following, noon, vendorSite } from './vendor-site.ts';

const settings = {
  kind: 'syndication',
  vendor: 'Yealink',
  rules: [{ in: 'title', form: 'Firmware {version} for {models}' }],
};

const rss = (...items: readonly string[]): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${items.join('')}</channel></rss>`;

const item = (version: string, more = ''): string => `<item>
  <title>New: Firmware ${version} for T46S and T48S</title>
  <link>/news/${version}</link>
  <pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate>
  <enclosure url="/fw/T46S-${version}.rom" length="23192144" type="application/octet-stream"/>
  <description>&lt;p&gt;Fixes &amp;amp; features&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</description>${more}</item>`;

test('an RSS entry becomes an announcement with inert notes and a file', async (t) => {
  const site = await vendorSite(t, { '/feed': rss(item('66.86.0.15')) });
  const follower = following(`${site}/feed`, settings);
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
          lengthBytes: 23_192_144,
        },
      ],
      flags: [{ code: 'no-digest', detail: 'T46S-66.86.0.15.rom' }],
      notes: 'Fixes & features',
      source: `${site}/feed New: Firmware 66.86.0.15 for T46S and T48S`,
      announcedAt: 1_767_607_200_000,
    },
  ]);
});

test('an Atom entry is read as well, and what its title does not say its file name does', async (t) => {
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Update</title>
    <link rel="alternate" href="/n/1"/><updated>2026-01-05T10:00:00Z</updated>
    <link rel="enclosure" href="/fw/T46S(T48S,T42S,T41S)-66.86.0.15.rom"/>
    <content type="html"><![CDATA[<b>Bold</b> &lt;kept&gt;]]></content></entry></feed>`;
  const site = await vendorSite(t, { '/feed': atom });
  const follower = following(`${site}/feed`, settings);
  await follower.runOnce(noon);
  t.match(follower.state.items, [
    {
      models: ['T46S', 'T48S', 'T42S', 'T41S'],
      version: '66.86.0.15',
      notes: 'Bold <kept>',
    },
  ]);
});

test('what changed its shape, defines entities or nests without end is named, and nothing is lost', async (t) => {
  const pages: Record<string, string> = { '/feed': rss(item('66.86.0.15')) };
  const site = await vendorSite(t, pages);
  const follower = following(`${site}/feed`, settings);
  await follower.runOnce(noon);
  const laughs = `<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>${rss(item('1.1.1.1', '&b;'))}`;
  const outside = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>';
  for (const body of [
    laughs,
    outside,
    '<html><body>maintenance</body></html>',
    rss('<item><title>Our summer party</title></item>'),
    `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`,
    '<rss><channel><item>',
    '',
  ]) {
    pages['/feed'] = body;
    const later = following(`${site}/feed`, settings);
    t.match(await later.runOnce(noon), { kind: 'failed', fault: 'feed-shape-changed' });
  }
  pages['/feed'] = rss('<item/><item>'.repeat(100_000));
  t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-too-long' });
  t.equal(follower.state.items.length, 1);
});

test('one entry that cannot be taken is named and takes no good one with it', async (t) => {
  const bad = item('66.86.0.25').replace('/fw/T46S-66.86.0.25.rom', '/fw/..%2f..%2fetc%2fpasswd');
  const site = await vendorSite(t, { '/feed': rss(item('66.86.0.15'), bad) });
  const run = await following(`${site}/feed`, settings).runOnce(noon);
  t.equal(run.kind === 'read' && run.added.length, 1);
  t.match(run.kind === 'read' && run.problems[0]?.reason, /could leave its folder/);
});

test('no text makes the reader throw or dwell', (t) => {
  const feed = feedOf(settings);
  const piece = fc.oneof(
    fc.constantFrom('<item>', '</item>', '<rss><channel>', '</channel></rss>', '<![CDATA[', ']]>'),
    fc.constantFrom('<!--', '&lt;', '&#0;', '<title>', '</title>', '<enclosure url="', '"/>'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      feed.read({ url: 'http://vendor.example/feed', body: pieces.join('') });
    }),
    { seed: 20_260_105, numRuns: 300 },
  );
  t.end();
});
