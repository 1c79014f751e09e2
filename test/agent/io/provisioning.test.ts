import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { ms, type Id, type Mac, type Sha256 } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { checkPath } from '../../../agent/io/check-path.ts';
import { ownTemplates } from '../../../agent/core/provisioning/base.ts';
import { openBase } from '../../../agent/io/base/open-base.ts';
import type { Asked, Served, TransferEnd } from '../../../agent/io/file-source.ts';
import { DecoyDesk } from '../../../agent/io/decoy-desk.ts';
import { Keyring } from '../../../agent/io/keyring.ts';
import { Provisioning } from '../../../agent/io/provisioning.ts';
import { RescueDesk } from '../../../agent/io/rescue-desk.ts';
import { after, Box, macOf, planOf, planPhone } from '../core/box.ts';

// What requests show of phones, by where they come from: the production parts over one box in memory.

const mac = macOf(1);
const [home, stranger] = ['10.0.0.7', '10.0.0.200'];
const image = Buffer.alloc(300_000, 'firmware ');
const digest = createHash('sha256').update(image).digest('hex') as Sha256;
const newVersion = '66.86.0.15';
const oldVersion = '66.85.0.5';

/** A site whose phone is offered its image, with the neighbours that the table has. */
async function site(t: Test, neighbours: Record<string, Mac> = { [home]: mac }, routed = false) {
  const folder = t.testdir({});
  const images = await ImageStore.open(`${folder}/images`);
  await images.write(Readable.from([image]), { sha256: digest, lengthBytes: image.length });
  const [release] = planOf([]).releases;
  const file = { fileName: 'T46S.rom', sha256: digest, lengthBytes: image.length };
  const releases = release ? [{ ...release, images: [file] }] : [];
  const box = new Box(after(-10));
  box.take({ kind: 'plan-came', plan: planOf([planPhone(1)], { releases }) });
  const keyring = new Keyring(randomBytes(32), randomBytes(32));
  const files = new Provisioning({
    tables: box.tables,
    keyring,
    decoys: new DecoyDesk(box.tables, keyring),
    submit: (event) => void box.take(event),
    images,
    rescue: await RescueDesk.open(folder, () => box.now),
    base: await openBase({ folder, settings: ownTemplates, alarm: () => {} }),
    policy: { plain: true, routed },
    neighbourOf: (address) => Promise.resolve(neighbours[address] ?? null),
    address: () => ({ host: '10.0.0.1', httpPort: 80, tftpPort: 69 }),
    now: () => box.now,
    settled: () => Promise.resolve(),
  });
  const ask = (address: string, path: string, version: string, own: Partial<Asked> = {}) => {
    const userAgent = `Yealink SIP-T46S ${version} ${mac}`;
    const asked: Asked = { protocol: 'http', method: 'GET', path, address, userAgent, ...own };
    return files.resolve(asked).then((served) => ({ asked, served }));
  };
  await ask(home, '805ec0000001.cfg', oldVersion);
  box.hold(digest).take({ kind: 'woke' }, after(0));
  t.equal(box.phase(mac), 'offered');
  /** The image, from this byte on, as the server sends it to somebody. */
  const take = async (address: string, fromByte: number, bytes = image.length - fromByte) => {
    const { asked, served } = await ask(address, imagePath, oldVersion);
    if (served.kind !== 'image') return served;
    const seen = { asked, etag: served.etag, lengthBytes: image.length, fromByte };
    const outcome: TransferEnd['outcome'] = { kind: 'done' };
    files.observer.transferBegan(seen);
    files.observer.transferEnded(seen, { bytes, durationMs: ms(1), outcome });
    served.release?.();
    return served;
  };
  return { box, ask, take };
}

const imagePath = `fw/805ec0000001/${'target' as Id}/T46S.rom`;

const faultsOf = (box: Box): string[] =>
  box.outbox().flatMap((item) => ('fault' in item && item.fault ? [item.fault] : []));

test('from elsewhere nobody shows a version of a phone, whatever file is asked for', async (t) => {
  const { box, ask } = await site(t, { [home]: mac, [stranger]: macOf(9) });
  for (const path of ['nothing.xml', 'y000000000028.cfg', '805ec0000001.cfg', imagePath]) {
    await ask(stranger, path, newVersion);
    await ask(stranger, path, newVersion, { protocol: 'tftp' });
  }
  t.equal(box.phase(mac), 'offered');
  t.match(box.tables.sightings.get(mac), { address: home, version: oldVersion });
  t.ok(faultsOf(box).includes('secret-asked-from-elsewhere'));
  await ask(home, '805ec0000001.cfg', newVersion);
  t.equal(box.phase(mac), 'verifying', 'the phone itself does');
});

test('the image of a phone is not given elsewhere', async (t) => {
  const { box, take } = await site(t, { [home]: mac, [stranger]: macOf(9) });
  t.equal((await take(stranger, 0)).kind, 'absent');
  t.equal(box.phase(mac), 'offered');
});

test('behind a router an image counts at the address where the phone took its own file', async (t) => {
  const { box, take } = await site(t, {}, true);
  t.equal((await take(stranger, 0)).kind, 'image');
  t.equal(box.phase(mac), 'offered');
  await take(home, 0);
  t.equal(box.phase(mac), 'rebooting');
});

test('the last byte of an image is no image: a phone has it when it has had each byte', async (t) => {
  const { box, take } = await site(t);
  await take(home, image.length - 1);
  t.equal(box.phase(mac), 'downloading');
  await take(home, 0, 200_000);
  t.equal(box.phase(mac), 'downloading');
  await take(home, 100_000);
  t.equal(box.phase(mac), 'rebooting');
});

test('an address that is shut out is not, for a phone that is certainly there', async (t) => {
  const neighbours = { [home]: mac, [stranger]: macOf(9) };
  const { ask } = await site(t, neighbours);
  const kindOf = async (address: string, path: string): Promise<Served['kind']> =>
    (await ask(address, path, oldVersion)).served.kind;
  for (const address of [home, stranger]) {
    // Some of them are decoys, which do not count.
    for (let n = 32; n < 64; n += 1)
      await ask(address, `805ec00000${n.toString(16)}.cfg`, oldVersion);
  }
  t.equal(await kindOf(home, '805ec0000001.cfg'), 'bytes');
  t.equal(await kindOf(stranger, 'y000000000028.cfg'), 'absent');
  t.equal(await kindOf(stranger, checkPath), 'bytes', 'who stands at the box may look');
});

test('behind a router who is shut out is challenged whatever MAC it claims: most phones log in only then', async (t) => {
  const { ask } = await site(t, { [stranger]: macOf(9) }, true);
  const kindOf = async (path: string, own: Partial<Asked> = {}, address = home) =>
    (await ask(address, path, oldVersion, { userAgent: 'Yealink', ...own })).served.kind;
  for (const address of [home, stranger]) {
    for (let n = 32; n < 64; n += 1) await kindOf(`805ec00000${n.toString(16)}.cfg`, {}, address);
  }
  for (const path of ['805ec0000001.cfg', '805ec0aaaaaa.cfg', imagePath]) {
    t.equal(await kindOf(path), 'login-needed', path);
    t.equal(await kindOf(path, { protocol: 'tftp' }), 'absent', `${path} over TFTP`);
    t.equal(await kindOf(path, {}, stranger), 'absent', `${path} for a neighbour`);
  }
  t.equal(await kindOf('y000000000028.cfg'), 'absent', 'a file of nobody');
});
