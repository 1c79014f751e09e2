import { mac, minutes } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { SipSocket } from '../../../agent/io/sip-socket.ts';
import type { DemoImage } from '../../../simulator/core/demo-image.ts';
import { Branch, clock, type Line, Watched } from './branch.ts';

const phones: Record<'yealink' | 'polycom' | 'grandstream' | 'cisco', Line> = {
  yealink: {
    mac: mac('805ec0000001')!,
    vendor: 'Yealink',
    model: 'T46S',
    version: '66.85.0.5',
  },
  polycom: {
    mac: mac('64167f000001')!,
    vendor: 'Polycom',
    model: 'VVX450',
    version: '6.3.0.14929',
  },
  grandstream: {
    mac: mac('c074ad000001')!,
    vendor: 'Grandstream',
    model: 'GXP1630',
    version: '1.0.7.13',
  },
  cisco: { mac: mac('00562b000001')!, vendor: 'Cisco', model: '7841', version: '11-3-1MSR3-3' },
};

/** Three hundred kilobytes are more than one piece of anything. */
const lengthBytes = 300_000;

const rom: DemoImage = {
  vendor: 'Yealink',
  version: '66.86.0.15',
  fileName: 'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
  lengthBytes,
};
const ld: DemoImage = {
  vendor: 'Polycom',
  version: '6.4.6.2656',
  fileName: '3111-48840-001.sip.ld',
  lengthBytes,
};
const bin: DemoImage = {
  vendor: 'Grandstream',
  version: '1.0.7.81',
  fileName: 'gxp1600fw.bin',
  lengthBytes,
};

const login = { user: 'phone', password: 'Ab3Ab3Ab3Ab3Ab3Ab3Ab3Ab3' };
const oldAgent = 'Yealink SIP-T46S 66.85.0.5 80:5e:c0:00:00:01';
const newAgent = 'Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:01';
const romPath = `http /fw/${rom.fileName}`;

/** Starts a phone at a branch that offers this image. */
async function offered(
  t: Parameters<typeof Branch.open>[0],
  line: Line,
  image: DemoImage,
  more = {},
) {
  const branch = await Branch.open(t);
  await branch.put(image);
  branch.offer = image;
  const watched = await Watched.start(t, { ...line, agent: branch.address, ...more });
  return { branch, watched };
}

test('a phone asks for its vendor’s files, in order, as that vendor’s phones do', async (t) => {
  const asks = async (line: Line, count: number) => {
    const branch = await Branch.open(t);
    branch.login = login;
    const watched = await Watched.start(t, { ...line, agent: branch.address });
    await watched.until('asked', count);
    return branch.asked;
  };
  t.same(await asks(phones.yealink, 4), [
    `http /805ec0000001.boot ${oldAgent}`,
    `http /y000000000000.boot ${oldAgent}`,
    `http /y000000000066.cfg ${oldAgent}`,
    `http /805ec0000001.cfg ${oldAgent}`,
  ]);
  const poly = 'FileTransport PolycomVVX-VVX_450-UA';
  t.same(await asks(phones.polycom, 2), [
    `http /64167f000001.cfg ${poly}/5.0.3.1667 Type/Updater`,
    `http /64167f000001-user.cfg ${poly}/6.3.0.14929 Type/Application`,
  ]);
  t.same(await asks(phones.grandstream, 2), [
    'http /cfgc074ad000001 Grandstream Model HW GXP1630 SW 1.0.7.13 DevId c074ad000001',
    'http /cfgc074ad000001.xml Grandstream Model HW GXP1630 SW 1.0.7.13 DevId c074ad000001',
  ]);
  t.same(await asks(phones.cisco, 2), [
    'tftp /7841-3PCC.xml',
    'http /Cisco/CP-7841-3PCC/00562b000001.cfg Cisco-CP-7841-3PCC/11-3-1MSR3-3 (00562b000001)',
  ]);
});

test('a phone takes the image it is told of, restarts, and asks with its new version', async (t) => {
  const { branch, watched } = await offered(t, phones.yealink, rom);
  await watched.until('asked', 8);
  t.same(branch.asked.slice(3), [
    `http /805ec0000001.cfg ${oldAgent}`,
    `${romPath} ${oldAgent}`,
    `http /805ec0000001.boot ${newAgent}`,
    `http /y000000000000.boot ${newAgent}`,
    `http /y000000000066.cfg ${newAgent}`,
    `http /805ec0000001.cfg ${newAgent}`,
  ]);
  t.match(watched.phone.state(), { version: '66.86.0.15', boots: 2, flashes: 1 });
  const [flashing, booting] = [
    watched.of('flashing')[0]?.at ?? 0,
    watched.of('booting')[1]?.at ?? 0,
  ];
  t.ok(booting - flashing >= 60_000, 'writing flash takes a minute or more');
  t.ok(
    (watched.of('asked')[4]?.at ?? 0) - booting >= 40_000,
    'and starting the greater part of one',
  );
});

test('a phone that decides by the image’s header takes a new one and leaves its own', async (t) => {
  for (const [line, image] of [
    [phones.polycom, ld],
    [phones.grandstream, bin],
  ] as const) {
    const { watched } = await offered(t, line, image);
    await watched.until('image-refused');
    t.match(watched.of('image-taken'), [{ lengthBytes }]);
    t.match(watched.of('image-refused')[0], { reason: 'runs-already' });
    t.match(watched.phone.state(), { version: image.version, flashes: 1 });
  }
});

test('phones that are served by what is known of their line take an image and come back with it', async (t) => {
  const cases: readonly (readonly [Line, string, string])[] = [
    [
      { mac: mac('000413000001')!, vendor: 'Snom', model: 'D785', version: '10.1.175.16' },
      'snomD785-10.1.198.19-SIP-r.bin',
      '10.1.198.19',
    ],
    [
      { mac: mac('08000f000001')!, vendor: 'Mitel', model: '6867i', version: '6.0.0.1005' },
      '6867i.st',
      '6.2.0.1012',
    ],
    [
      { mac: mac('00085d000001')!, vendor: 'Aastra', model: '6731i', version: '3.2.2.6038' },
      '6731i.st',
      '3.3.1.4365',
    ],
    [
      { mac: mac('7c2f80000001')!, vendor: 'Gigaset', model: 'N870 IP PRO', version: '83.V2.11.0' },
      'N870_83.V2.50.0.bin',
      '83.V2.50.0',
    ],
    [
      { mac: mac('000e08000001')!, vendor: 'Linksys', model: 'SPA942', version: '6.1.3(a)' },
      'spa942-6-1-5-a.bin',
      '6.1.5(a)',
    ],
    [
      { mac: mac('0080f0000001')!, vendor: 'Panasonic', model: 'KX-UT123', version: '01.022' },
      'UT11x12x-01.133_HW1.fw',
      '01.133',
    ],
    [
      { mac: mac('001fc1000001')!, vendor: 'Htek', model: 'UC926', version: '2.0.4.2.19' },
      'fw926.rom',
      '2.0.4.4.58',
    ],
  ];
  for (const [line, fileName, version] of cases) {
    const image = { vendor: line.vendor, version, fileName, lengthBytes };
    const { watched } = await offered(t, line, image);
    await watched.until('booting', 2);
    t.match(watched.phone.state(), { version, flashes: 1 }, `${line.vendor} ${line.model}`);
  }
});

test('a load file brings its parts with it', async (t) => {
  const version = '12-0-7MPP0201-66';
  const part = { vendor: 'Cisco', version, fileName: `kern78xx.${version}.sbn`, lengthBytes };
  const fileName = `sip78xx.${version}.loads`;
  const loads = { ...part, fileName, lengthBytes: 2000, parts: [part.fileName] };
  const { branch, watched } = await offered(t, phones.cisco, loads);
  await branch.put(part);
  await watched.until('booting', 2);
  t.same(
    watched.of('image-taken').map((event) => 'path' in event && event.path),
    [`/fw/${fileName}`, `/fw/${part.fileName}`],
  );
  t.equal(watched.phone.state().version, version);
});

test('a download that is cut goes on over HTTP where it stopped, and over TFTP from the beginning', async (t) => {
  const big = { ...rom, lengthBytes: 3_000_000 };
  const http = await offered(t, phones.yealink, big);
  http.branch.cutAt = 1_000_000;
  await http.watched.until('image-taken');
  t.equal(http.watched.of('image-cut').length, 1);
  const imageStarts = http.branch.fromBytes.slice(-2);
  t.equal(imageStarts[0], 0);
  t.ok((imageStarts[1] ?? 0) >= 900_000, `it went on from byte ${imageStarts[1]}`);
  t.match(http.watched.of('image-taken'), [{ lengthBytes: 3_000_000 }]);

  const tftp = await offered(t, phones.grandstream, { ...bin, lengthBytes: 3_000_000 });
  const whole = tftp.branch.images.get(bin.fileName)!;
  tftp.branch.images.set(bin.fileName, whole.subarray(0, 2_000_000));
  await tftp.watched.until('image-cut');
  tftp.branch.images.set(bin.fileName, whole);
  await tftp.watched.until('image-taken');
  t.match(
    tftp.watched.of('image-began').map((event) => 'fromByte' in event && event.fromByte),
    [0, 0],
  );
});

test('an image of another vendor, of another family, or with a wrong byte is refused', async (t) => {
  const refusal = async (image: DemoImage, spoil = (bytes: Buffer) => bytes) => {
    const { branch, watched } = await offered(t, phones.yealink, {
      ...image,
      fileName: rom.fileName,
    });
    branch.images.set(rom.fileName, spoil(branch.images.get(rom.fileName)!));
    await watched.until('image-refused');
    t.match(watched.phone.state(), { version: '66.85.0.5', flashes: 0 });
    return watched.of('image-refused')[0];
  };
  t.match(await refusal(ld), { reason: 'foreign' });
  t.match(await refusal({ ...rom, version: '108.86.0.20' }), { reason: 'foreign' });
  const spoilt = (bytes: Buffer) => Buffer.from(bytes).fill(0, 200_000, 200_001);
  t.match(await refusal(rom, spoilt), { reason: 'its bytes are not those of an image' });
});

test('a phone sends the login it learnt when asked for it, and then with every request', async (t) => {
  const branch = await Branch.open(t);
  branch.login = login;
  const more = { agent: branch.address, checksEvery: minutes(10) };
  const watched = await Watched.start(t, { ...phones.yealink, ...more });
  await watched.until('asked', 4);
  branch.isLoginNeeded = true;
  await watched.until('asked', 12);
  const unasked = ['', '', '', ''];
  t.same(branch.logins.slice(0, 8), [...unasked, ...unasked]);
  t.same(branch.logins.slice(8, 13), ['basic', 'basic', 'basic', 'basic', 'basic']);
  t.ok(watched.phone.state().holdsLogin);
});

test('a phone that speaks Digest answers a challenge with it and keeps to it', async (t) => {
  const branch = await Branch.open(t);
  branch.login = login;
  const more = {
    agent: branch.address,
    loginStyle: 'digest',
    checksEvery: 600_000 as never,
  } as const;
  const watched = await Watched.start(t, { ...phones.grandstream, ...more });
  await watched.until('asked', 2);
  branch.isLoginNeeded = true;
  branch.login = { ...login, password: 'another' };
  await watched.until('asked', 4);
  t.match(watched.of('asked')[3], { status: 401 }, 'a wrong password is tried once and no more');
  t.same(branch.logins, ['', '', '', '', 'digest']);
  branch.login = login;
  await watched.until('asked', 8);
  t.same(branch.logins.slice(5), ['digest', 'digest', 'digest', 'digest']);
  t.match(
    watched.of('asked').slice(4),
    [404, 200, 404, 200].map((status) => ({ status })),
  );
});

test('a phone that finds no server tries again a minute or two later', async (t) => {
  const gone = await Branch.open(t);
  const closed = { ...gone.address, httpPort: 9, tftpPort: 9 };
  const watched = await Watched.start(t, { ...phones.yealink, agent: closed });
  await watched.until('no-server', 3);
  const [first, second] = watched.of('no-server').map(({ at }) => at);
  t.ok((second ?? 0) - (first ?? 0) >= 60_000);
  t.match(watched.of('no-server')[0], { reason: 'ECONNREFUSED' });
});

test('phones misbehave as they are told', async (t) => {
  const refuses = await offered(t, phones.yealink, rom, { habit: { kind: 'refuses-image' } });
  await refuses.watched.until('asked', 4);
  const stays = await offered(t, phones.yealink, rom, { habit: { kind: 'comes-back-old' } });
  await stays.watched.until('asked', 8);
  t.match(stays.watched.phone.state(), { version: '66.85.0.5', flashes: 1, boots: 2 });
  t.equal(refuses.branch.asked.filter((line) => line.startsWith(romPath)).length, 0);

  const slow = { habit: { kind: 'slow', bytesPerSecond: 3000 } } as const;
  for (const [line, image] of [
    [phones.yealink, rom],
    [phones.grandstream, bin],
  ] as const) {
    const { watched } = await offered(t, line, image, slow);
    await watched.until('image-taken');
    // Node's timers may fire a millisecond early, which is two seconds here.
    const took = (watched.of('image-taken')[0]?.at ?? 0) - (watched.of('asked').at(-1)?.at ?? 0);
    t.ok(took >= 96_000, `${image.lengthBytes} bytes at 3,000 a second took ${took} ms`);
  }

  const lossy = { habit: { kind: 'loses-packets', share: 0.01 } } as const;
  const { watched } = await offered(t, phones.grandstream, bin, lossy);
  await watched.until('image-taken');
  t.match(watched.of('image-taken'), [{ lengthBytes }]);
});

test('a phone that is off neither asks nor answers until it is switched on', async (t) => {
  const branch = await Branch.open(t);
  const more = { agent: branch.address, habit: { kind: 'off' } } as const;
  const watched = await Watched.start(t, { ...phones.yealink, ...more });
  t.same([watched.phone.state().power, watched.told.all], ['off', []]);
  watched.phone.behave({ kind: 'good' });
  await watched.until('asked', 4);
  watched.phone.behave({ kind: 'off' });
  const { sipAddress: address, sipPort: port } = watched.phone.state();
  const sip = await SipSocket.open({ host: '127.0.0.1', port: 0, clock });
  t.teardown(() => sip.close());
  t.same(await sip.notify({ address, port, user: '1', event: 'check-sync' }), { kind: 'silent' });
  t.match([watched.phone.state().power, watched.of('asked').length], ['off', 4]);
  watched.phone.behave({ kind: 'unplugged', afterLooks: 1 });
  await watched.until('asked', 8);
  t.same(await sip.notify({ address, port, user: '1', event: 'check-sync' }), { kind: 'silent' });
  t.match(watched.phone.state(), { power: 'off', habit: { kind: 'off' } });
});

test('a NOTIFY from the agent wakes a phone: busy while in a call, after a login where it challenges', async (t) => {
  const branch = await Branch.open(t);
  branch.login = login;
  const sip = await SipSocket.open({ host: '127.0.0.1', port: 0, clock: wallClock() });
  t.teardown(() => sip.close());
  const watched = await Watched.start(t, { ...phones.yealink, agent: branch.address });
  await watched.until('asked', 4);
  const wake = (more = {}) => {
    const { sipAddress: address, sipPort: port } = watched.phone.state();
    return sip.notify({ address, port, user: '2001', event: 'check-sync;reboot=true', ...more });
  };
  watched.phone.behave({ kind: 'in-call', asks: 1 });
  t.same(await wake(), { kind: 'busy', status: 486 });
  watched.phone.behave({ kind: 'challenges' });
  t.same(await wake(), { kind: 'login-refused', status: 401 });
  t.same(await wake({ login: { user: 'phone', password: 'wrong' } }), {
    kind: 'login-refused',
    status: 401,
  });
  t.equal(watched.phone.state().boots, 1);
  t.same(await wake({ login }), { kind: 'accepted', status: 200 });
  await watched.until('booting', 2);
  await watched.until('asked', 8);
  watched.phone.behave({ kind: 'good' });
  t.same(await wake({ event: 'check-sync;reboot=false' }), { kind: 'accepted', status: 200 });
  await watched.until('asked', 12);
  t.equal(watched.phone.state().boots, 2, 'a reload is no restart');
  t.same(await wake({ event: 'talk' }), { kind: 'refused', status: 489, reason: 'Bad Event' });
});
