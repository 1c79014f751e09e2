import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { test } from 'tap';
import { BaseFiles } from '../../../../agent/io/base/base-files.ts';
import { BaseFolder } from '../../../../agent/io/base/base-folder.ts';

test('a Grandstream’s binary settings are kept back as others are, and a picture is given as it is', async (t) => {
  const folder = t.testdir({});
  const head = Buffer.from([0, 0, 0, 24, 18, 52, 192, 116, 173, 0, 0, 3, 13, 10, 13, 10]);
  const settings = Buffer.concat([head, Buffer.from('P3=Ann&P34=secret&P192=evil')]);
  const picture = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13]);
  writeFileSync(join(folder, 'cfgc074ad000003'), settings);
  writeFileSync(join(folder, 'wallpaper.png'), picture);
  writeFileSync(
    join(folder, 'more.xml'),
    Buffer.from('\ufeff<config><P34>s</P34></config>', 'utf16le'),
  );
  writeFileSync(join(folder, 'bare.xml'), Buffer.from('<config><P34>s</P34></config>', 'utf16le'));
  const told: string[] = [];
  const files = new BaseFiles({
    reader: await BaseFolder.open(folder, false),
    isHardened: false,
    alarm: (fault, _, detail) => void told.push(`${fault} ${detail}`),
  });
  const line = knowledgeOf('Grandstream')?.lines.find(({ hasModel }) => hasModel('GXP1630'));
  const ask = (path: string, maySecrets: boolean) =>
    files.other({
      asked: { protocol: 'http', method: 'GET', path, address: '192.0.2.9' },
      line,
      maySecrets,
    });
  t.same(await ask('cfgc074ad000003', false), { kind: 'guarded' });
  t.same(told, []);
  t.same(await ask('cfgc074ad000003', true), { kind: 'absent' }, 'firmware cannot be taken out');
  t.same(told, ['base-unusable cfgc074ad000003: its codes are not in XML with numbered P values']);
  t.same(await ask('more.xml', true), { kind: 'absent' });
  t.match(told.at(-1), /^base-unusable more\.xml: it is in UTF-16/);
  t.same(await ask('bare.xml', true), { kind: 'absent' }, 'without a mark in front, too');
  t.match(told.at(-1), /^base-unusable bare\.xml: it is in UTF-16/);
  const given = await ask('wallpaper.png', false);
  t.same(given.kind === 'bytes' && given.body, picture);
});

test('a phone that asks while too many do is told to come back in seconds, and nobody hears of a fault', async (t) => {
  const told: string[] = [];
  const reader = {
    name: 'pbx',
    read: () => Promise.resolve({ kind: 'busy', reason: 'too many' } as const),
  };
  const files = new BaseFiles({
    reader,
    isHardened: false,
    alarm: (fault) => void told.push(fault),
  });
  const line = knowledgeOf('Yealink')?.lines.find(({ hasModel }) => hasModel('T46S'));
  const askedFor = (path: string) =>
    ({ protocol: 'http', method: 'GET', path, address: '192.0.2.9' }) as const;
  const later = { kind: 'later', reason: 'too many', after: 5000 };
  const asked = askedFor('805ec0001000.cfg');
  const ours = { body: '', contentType: 'text/plain', holdsLogin: false };
  const over = { asked, line, ours, isOwnName: false, maySecrets: true };
  t.same(await files.config(over), later);
  t.same(await files.other({ asked: askedFor('more.cfg'), line, maySecrets: true }), later);
  const picture = { asked: askedFor('logo.png'), line, maySecrets: true };
  t.same(await files.other(picture), { kind: 'absent' });
  t.same(told, []);
});

test('a phone’s own file in UTF-16 is kept back as any other is: nothing can be found in it', async (t) => {
  const folder = t.testdir({});
  const settings = 'sip line1 password: secret\nfirmware server: http://pbx\n';
  writeFileSync(join(folder, 'mark.cfg'), Buffer.from(`\ufeff${settings}`, 'utf16le'));
  writeFileSync(join(folder, 'bare.cfg'), Buffer.from(settings, 'utf16le'));
  const told: string[] = [];
  const files = new BaseFiles({
    reader: await BaseFolder.open(folder, false),
    isHardened: false,
    alarm: (fault, _, detail) => void told.push(`${fault} ${detail}`),
  });
  const line = knowledgeOf('Mitel')?.lines.find(({ hasModel }) => hasModel('6930'));
  const ours = { body: '', contentType: 'text/plain', holdsLogin: false };
  for (const path of ['mark.cfg', 'bare.cfg']) {
    const asked = { protocol: 'http', method: 'GET', path, address: '192.0.2.9' } as const;
    const found = await files.config({ asked, line, ours, isOwnName: false, maySecrets: true });
    t.equal(found.kind, 'later', path);
    t.match(told.at(-1), new RegExp(`^base-unusable ${path}: it is in UTF-16`));
  }
});

test('a phone of whatever maker, also one whose language nobody knows, gets no passwords of another one’s file', async (t) => {
  const folder = t.testdir({ 'reg-lobby.cfg': '<c reg.1.auth.password="secret"/>' });
  const binary = Buffer.from('\0\0\0\x01\r\n\r\nP3=Ann&P34=secret', 'latin1');
  writeFileSync(join(folder, 'cfgc074ad000003'), binary);
  const files = new BaseFiles({
    reader: await BaseFolder.open(folder, false),
    isHardened: false,
    alarm: () => {},
  });
  const lines = [
    ['Yealink', 'T46S'],
    ['Mitel', '6930'],
    ['Mitel', '5320'],
    ['Snom', 'D785'],
    ['none', 'none'],
  ] as const;
  const ours = { body: '', contentType: 'text/plain', holdsLogin: false };
  for (const [vendor, model] of lines)
    for (const path of ['reg-lobby.cfg', 'cfgc074ad000003']) {
      const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
      const asked = { protocol: 'http', method: 'GET', path, address: '192.0.2.9' } as const;
      const ask = (maySecrets: boolean) => files.other({ asked, line, maySecrets });
      t.same(await ask(false), { kind: 'guarded' }, `${vendor} ${path}`);
      t.match(await ask(true), { kind: 'bytes', hasSecrets: true }, `${vendor} ${path}`);
      const whole = await files.config({ asked, line, ours, isOwnName: false, maySecrets: false });
      if (whole.kind === 'bytes') t.notMatch(whole.body.toString('latin1'), 'secret');
    }
});

test('where a server gives another language, the agent’s own file stands in if the phone keeps what is left out', async (t) => {
  const reader = {
    name: 'pbx',
    read: () => Promise.resolve({ kind: 'failed', reason: 'other', isOther: true } as const),
  };
  const files = new BaseFiles({ reader, isHardened: false, alarm: () => {} });
  const asked = { protocol: 'http', method: 'GET', path: 'a.cfg', address: '192.0.2.9' } as const;
  const ours = { body: 'own', contentType: 'text/plain', holdsLogin: false };
  for (const [vendor, model, kind] of [
    ['Yealink', 'T46S', 'bytes'],
    ['Mitel', '6930', 'later'],
  ] as const) {
    const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
    const over = { asked, line, ours, isOwnName: false, maySecrets: true };
    t.equal((await files.config(over)).kind, kind, vendor);
  }
});

test('a zero byte in a phone’s settings opens none of them, wherever it stands', async (t) => {
  const config = 'static.firmware.url = http://pbx/x\naccount.1.password = one\n';
  const wide = Buffer.from(`${'\u0448'.repeat(600)}\n${config}`, 'utf16le');
  const wider = Buffer.from(Array.from(config, (sign) => `\0\0\0${sign}`).join(''), 'latin1');
  const line = knowledgeOf('Yealink')?.lines.find(({ hasModel }) => hasModel('T46S'));
  const given = async (body: Buffer, maySecrets: boolean) => {
    const reader = { name: 'pbx', read: () => Promise.resolve({ kind: 'found', body } as const) };
    const files = new BaseFiles({ reader, isHardened: false, alarm: () => {} });
    const asked = {
      protocol: 'http',
      method: 'GET',
      path: 'more.cfg',
      address: '192.0.2.9',
    } as const;
    const served = await files.other({ asked, line, maySecrets });
    return served.kind === 'bytes' ? served.body.toString('latin1') : served.kind;
  };
  t.equal(await given(Buffer.from(`${config}\0`), false), '\0');
  t.equal(await given(Buffer.from(`${config}\0`), true), 'account.1.password = one\n\0');
  t.equal(await given(wide, false), 'absent', 'in UTF-16 behind a comment in another script');
  t.equal(await given(wider, false), 'absent', 'in UTF-32');
});
