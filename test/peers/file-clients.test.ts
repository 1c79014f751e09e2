// Foreign clients fetch from `ringwave-agent serve`, as a technician's laptop and phones of every age would.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import tftp from 'node-tftp';
import { test } from 'tap';
import { generator } from '../agent/core/tftp/lossy-network.ts';
import { needs } from './peer.ts';
import { serving } from './serve-process.ts';

const run = promisify(execFile);

/** 40 MB: at 512 bytes the block number rolls over once. */
const imageBytes = 40_000_000;

function writeImage(path: string): void {
  const random = generator(40);
  const words = new Uint32Array(imageBytes / 4);
  for (let at = 0; at < words.length; at += 1) words[at] = random() * 4_294_967_296;
  writeFileSync(path, words);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** The digest of what a client wrote, which is removed: all of them together would be half a gigabyte. */
async function digestOnce(path: string): Promise<string> {
  const digest = await digestOf(path);
  rmSync(path);
  return digest;
}

test('foreign clients fetch a 40 MB image bit-exact', async (t) => {
  const folder = t.testdir({ served: {}, got: {} });
  const image = join(folder, 'served', 'fw.rom');
  writeImage(image);
  const small = join(folder, 'served', 'small.rom');
  writeFileSync(small, readFileSync(image).subarray(0, 3_000_000));
  const expected = await digestOf(image);
  const { child, tftpPort, httpPort } = await serving(t, join(folder, 'served'));
  const port = `${tftpPort}`;
  const got = (name: string) => join(folder, 'got', name);
  const isWhole = async (name: string) => t.equal(await digestOnce(got(name)), expected, name);

  await t.test('tftp-hpa at 512, binary and text', async (t) => {
    if (!needs(t, 'tftp')) return;
    const get = (mode: string, name: string) =>
      run('tftp', ['127.0.0.1', port, '-m', mode, '-c', 'get', name, got(name)]);
    await get('binary', 'fw.rom');
    t.equal(await digestOnce(got('fw.rom')), expected);
    await get('netascii', 'small.rom');
    t.equal(await digestOnce(got('small.rom')), await digestOf(small));
  });

  await t.test('atftp at 512 and 1428, with and without a window', async (t) => {
    if (!needs(t, 'atftp')) return;
    for (const options of [[], ['blksize 1428'], ['blksize 1428', 'windowsize 8', 'tsize 0']]) {
      const flags = options.flatMap((option) => ['--option', option]);
      const name = `atftp ${options.join(' ')}`;
      const ask = ['--get', '-r', 'fw.rom', '-l', got(name), ...flags, '127.0.0.1', port];
      await run('atftp', ask);
      t.equal(await digestOnce(got(name)), expected, name);
    }
  });

  await t.test('curl over TFTP at 512 and 1428', async (t) => {
    if (!needs(t, 'curl')) return;
    for (const size of ['512', '1428']) {
      const name = `curl ${size}`;
      const url = `tftp://127.0.0.1:${port}/fw.rom`;
      await run('curl', ['-sS', '--tftp-blksize', size, '-o', got(name), url]);
      t.equal(await digestOnce(got(name)), expected, name);
    }
  });

  await t.test('busybox tftp at 1428', async (t) => {
    if (!needs(t, 'busybox')) return;
    // Not every build of busybox has the applet.
    if (!execFileSync('busybox', ['--list'], { encoding: 'utf8' }).includes('\ntftp\n')) {
      t.pass('busybox without tftp', { skip: 'needs busybox with tftp' });
      return;
    }
    const ask = ['tftp', '-g', '-b', '1428', '-r', 'fw.rom', '-l', got('busybox')];
    await run('busybox', [...ask, '127.0.0.1', port]);
    t.equal(await digestOnce(got('busybox')), expected);
  });

  await t.test('node-tftp at 1428 with a window of 4', async (t) => {
    const client = tftp.createClient({
      host: '127.0.0.1',
      port: tftpPort,
      blockSize: 1428,
      windowSize: 4,
    });
    const get = promisify(
      client.get.bind(client) as (a: string, b: string, done: () => void) => void,
    );
    await get('fw.rom', got('node-tftp'));
    t.equal(await digestOnce(got('node-tftp')), expected);
  });

  await t.test('curl over HTTP, whole and resumed after a cut', async (t) => {
    if (!needs(t, 'curl')) return;
    const url = `http://127.0.0.1:${httpPort}/fw.rom`;
    await run('curl', ['-sSf', '-o', got('http'), url]);
    await isWhole('http');
    writeFileSync(got('resumed'), readFileSync(image).subarray(0, 12_345_678));
    await run('curl', ['-sSf', '-C', '-', '-o', got('resumed'), url]);
    await isWhole('resumed');
    const { stdout } = await run('curl', ['-s', '-w', '%{http_code}', `${url}.sig`]);
    t.equal(stdout, '404');
  });

  await t.test('SIGTERM ends it with status 0', async (t) => {
    child.kill('SIGTERM');
    t.same(await once(child, 'exit'), [0, null]);
  });
});
