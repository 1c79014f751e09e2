import * as fc from 'fast-check';
import { test } from 'tap';
import { feedOf, following, noon, vendorSite } from './vendor-site.ts';

const settings = { kind: 'directory', vendor: 'Yealink', withFolders: true };

const APACHE = `<!DOCTYPE HTML><html><head><title>Index of /fw</title></head><body><h1>Index of /fw</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>
<tr><td><a href="old/">old/</a></td><td align="right">2026-01-05 10:00  </td><td align="right">  - </td></tr>
<tr><td><a href="T46S-66.86.0.15.rom">T46S-66.86.0.15.rom</a></td><td align="right">2026-01-05 10:00  </td><td align="right"> 22M</td></tr>
<tr><td><a href="README.txt">README.txt</a></td></tr></table></body></html>`;

const NGINX = `<html><head><title>Index of /fw/old/</title></head><body><h1>Index of /fw/old/</h1><hr><pre><a href="../">../</a>
<a href="T46S%28T48S%2CT42S%2CT41S%29-66.85.0.5.rom">T46S(T48S,T42S,T41S)-66.85...&gt;</a>  05-Jan-2026 10:00            23192144
<a href="notes.zip">notes.zip</a>  05-Jan-2026 10:00            12
<a href="//elsewhere.example/T46S-1.2.3.4.rom">x</a>
</pre><hr></body></html>`;

const LIGHTTPD = `<html><head><title>Index of /fw/</title></head><body><h2>Index of /fw/</h2><table><tbody>
<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td><td class="s">- &nbsp;</td></tr>
<tr><td class="n"><a href="T46S-66.86.0.15.rom">T46S-66.86.0.15.rom</a></td><td class="m">2026-Jan-05 10:00:00</td><td class="s">22.1M</td></tr></tbody></table></body></html>`;

test('listings are read with the folders below, and names tell version and models', async (t) => {
  const site = await vendorSite(t, { '/fw/': APACHE, '/fw/old/': NGINX });
  const follower = following(`${site}/fw`, settings);
  const run = await follower.runOnce(noon);
  t.match(follower.state.items, [
    {
      version: '66.86.0.15',
      models: ['T46S'],
      files: [{ fileName: 'T46S-66.86.0.15.rom', url: `${site}/fw/T46S-66.86.0.15.rom` }],
      flags: [{ code: 'no-digest' }, { code: 'no-length' }],
    },
    {
      version: '66.85.0.5',
      models: ['T46S', 'T48S', 'T42S', 'T41S'],
      files: [{ fileName: 'T46S(T48S,T42S,T41S)-66.85.0.5.rom', lengthBytes: 23_192_144 }],
    },
  ]);
  t.same(run.kind === 'read' && run.problems.map(({ path }) => path), [`${site}/fw/old/notes.zip`]);
});

test('a third server’s listing is read as well', async (t) => {
  const site = await vendorSite(t, { '/fw/': LIGHTTPD });
  const follower = following(`${site}/fw/`, { ...settings, withFolders: false });
  await follower.runOnce(noon);
  t.match(follower.state.items, [{ version: '66.86.0.15', models: ['T46S'] }]);
});

test('a folder that became a page is named, and its files are not forgotten', async (t) => {
  const pages: Record<string, string> = { '/fw/': LIGHTTPD };
  const site = await vendorSite(t, pages);
  const follower = following(`${site}/fw/`, settings);
  await follower.runOnce(noon);
  pages['/fw/'] = '<html><title>Welcome</title><a href="T46S-66.86.0.25.rom">new</a></html>';
  t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-shape-changed' });
  const entry = '<a href="a.rom">a.rom</a>';
  pages['/fw/'] = `<title>Index of /</title>${entry.repeat(20_000)}`;
  const later = following(`${site}/fw/`, settings);
  t.match(await later.runOnce(noon), { kind: 'failed', fault: 'feed-too-long' });
  t.equal(follower.state.items.length, 1);
});

test('no listing makes the reader throw or dwell', (t) => {
  const feed = feedOf(settings);
  const piece = fc.oneof(
    fc.constantFrom('<a href="', '">', '</a>', 'T46S-66.86.0.15.rom', '%2e%2e/', '<a ', "href='"),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const body = `<title>Index of /</title>${pieces.join('')}`;
      feed.read({ url: 'http://vendor.example/fw/', body });
    }),
    { seed: 20_260_107, numRuns: 300 },
  );
  const unclosed = `<title>Index of /</title>${'<a href="x'.repeat(50_000)}`;
  t.equal(feed.read({ url: 'http://vendor.example/fw/', body: unclosed })?.items.length, 0);
  t.end();
});
