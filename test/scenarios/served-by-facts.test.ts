import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { type Mac, mac, minutes } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { demoImage } from '../../simulator/core/demo-image.ts';
import { kindOf } from '../../simulator/core/phone-kinds.ts';
import { freeUdpPort } from '../../simulator/demo/ports.ts';
import type { PhoneEvent } from '../../simulator/io/phone-self.ts';
import { VirtualPhone } from '../../simulator/io/virtual-phone.ts';
import {
  alwaysOpen,
  Api,
  enrolAgent,
  fastTime,
  startAgent,
  startController,
  until,
} from './site.ts';

// Phones of makers without code of their own, against a controller and an agent: what is documented of a line carries an
// update to its end, and a maker of whom too little is documented is turned away.

interface Phone {
  readonly vendor: string;
  readonly model: string;
  readonly mac: Mac;
  readonly version: string;
}

const phone = (name: string, version: string, own: string): Phone => {
  const [vendor = '', ...model] = name.split(' ');
  return { vendor, model: model.join(' '), version, mac: mac(own)! };
};

interface Update {
  readonly phone: Phone;
  readonly to: string;
  readonly fileName: string;
}

const UPDATES: readonly Update[] = [
  {
    phone: phone('Panasonic KX-UT123', '01.022', '0080f0000001'),
    to: '01.133',
    fileName: 'UT11x12x-01.133_HW1.fw',
  },
  {
    phone: phone('Htek UC926', '2.0.4.2.19', '001fc1000001'),
    to: '2.0.4.4.58',
    fileName: 'fw926.rom',
  },
];

const UNSERVED: readonly Phone[] = [
  phone('Fanvil X6U Pro', '2.12.16.13', '0c383e000001'),
  phone('Fanvil X4', '2.12.4.1', '0c383e000002'),
  phone('Avaya J179', '4.1.3.0.6', 'c81fea000001'),
  phone('Avaya 1220', '04.00.04.00', '00040d000001'),
  phone('Akuvox R29', '29.30.2.16', '0c1105000001'),
  phone('AudioCodes 420HD', '2.2.2.77', '00908f000001'),
  phone('Sangoma S500', '2.0.4.14', '005058000001'),
  phone('Digium D65', '2.9.1', '000fd3000001'),
  phone('Flyingvoice P10', '0.6.22', '0021f2000001'),
  phone('Nethesis NP-X5', '2.12.1.4', 'e0e656000001'),
];

type Told = PhoneEvent & { readonly mac: Mac };

async function site(t: Test, phones: readonly Phone[]) {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', { ...alwaysOpen, phonesUpdatingMax: phones.length });
  const rows = phones.map(({ mac, vendor, model }) => ({ mac, site: 'lisbon', vendor, model }));
  await api.must('POST', '/phones', rows);
  await enrolAgent(api, controller, 'lisbon', join(folder, 'agent'));
  const phoneSipPort = await freeUdpPort();
  const agent = await startAgent(join(folder, 'agent'), { phoneSipPort });
  t.teardown(() => agent.close());
  await until('the site has its plan', () => agent.tables.plan.get('plan'));
  const told: Told[] = [];
  const { http: httpPort, tftp: tftpPort } = agent.ports;
  const { clock } = fastTime(100);
  const on = await Promise.all(
    phones.map((one, place) =>
      VirtualPhone.start({
        ...one,
        localAddress: `127.75.1.${1 + place}`,
        agent: { host: '127.0.0.1', httpPort, tftpPort },
        sipPort: phoneSipPort,
        clock,
        seed: 3,
        checksEvery: minutes(5),
        onEvent: (event) => void told.push(event),
      }),
    ),
  );
  t.teardown(() => Promise.all(on.map((one) => one.stop())));
  return { controller, api, agent, told, phones: on };
}

async function storeRelease(api: Api, { phone: { vendor, model }, to, fileName }: Update) {
  const image = { vendor, version: to, fileName, lengthBytes: 150_000 };
  const bytes = Buffer.concat(await Array.fromAsync(demoImage(image)));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await api.must('PUT', `/images/${sha256}`, bytes);
  const { id } = await api.must('POST', '/releases', {
    schema: 'ringwave/release/1',
    vendor,
    version: to,
    models: [model],
    images: [{ fileName, sha256, lengthBytes: bytes.length }],
    severity: 'high',
    notes: '',
  });
  await api.must('POST', `/releases/${String(id)}/life`, { cause: 'approve', why: 'tried' });
  return String(id);
}

const ofKind = <Kind extends Told['kind']>(told: readonly Told[], kind: Kind) =>
  told.filter((event): event is Extract<Told, { kind: Kind }> => event.kind === kind);

test('a Panasonic and an Htek phone are updated by what is documented of their lines, in their slots alone', async (t) => {
  const { controller, api, agent, told, phones } = await site(
    t,
    UPDATES.map((one) => one.phone),
  );
  /** Looks at its own file that were answered with it. */
  const looks = ({ phone: one }: Update): number => {
    const own = kindOf(one.vendor, one.model)?.files(one).at(-1)?.path;
    const given = ({ path, status, mac: by }: (typeof asked)[number]) =>
      by === one.mac && path === own && status === 200;
    const asked = ofKind(told, 'asked');
    return asked.filter(given).length;
  };
  for (const one of UPDATES) await until('it was given its file', () => looks(one) > 0);
  t.same(ofKind(told, 'image-began'), [], 'without a slot no file names an image');
  const releases: string[] = [];
  for (const one of UPDATES) releases.push(await storeRelease(api, one));
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases,
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 2 },
  });
  await api.approve('autumn');
  for (const [place, one] of UPDATES.entries()) {
    const { mac: own, vendor } = one.phone;
    const shown = () => agent.tables.sightings.get(own)?.version;
    await until(`${vendor} shows its new version`, () => shown() === one.to);
    t.match(phones[place]?.state(), { version: one.to, flashes: 1 });
    const before = looks(one);
    await until(`${vendor} looked again`, () => looks(one) > before + 1);
  }
  t.same(
    ofKind(told, 'image-began')
      .map(({ path }) => path)
      .sort(),
    UPDATES.map(
      ({ phone: { mac: own }, fileName }, place) =>
        `/fw/${own.replaceAll(':', '')}/${releases[place]}/${fileName}`,
    ).sort(),
    'each asked for its image once, in a folder of its own',
  );
  const { rollouts } = controller.engine.tables;
  await until('the rollout is done', () => rollouts.get('autumn')?.state === 'done');
});

test('phones of makers that cannot be served are turned away cleanly at each of their files, and listed', async (t) => {
  for (const { vendor } of UNSERVED) t.equal(profileOf(vendor), undefined, vendor);
  const { controller, told } = await site(t, UNSERVED);
  for (const one of UNSERVED) {
    const kind = kindOf(one.vendor, one.model)!;
    const files = kind.files(one);
    const asked = () => ofKind(told, 'asked').filter(({ mac: by }) => by === one.mac);
    const last = files.at(-1)?.path;
    await until(`${one.vendor} asked for ${last}`, () => asked().some(({ path }) => path === last));
    t.same(
      asked().filter(({ status }) => status !== 404),
      [],
      `${one.vendor} ${one.model}`,
    );
    const saysVersion =
      kind.userAgent(one, 'application') && files.some(({ protocol }) => protocol === 'http');
    if (saysVersion)
      await until('the controller lists it', () => {
        return controller.engine.tables.phones.get(one.mac)?.running?.version === one.version;
      });
  }
  t.same(ofKind(told, 'image-began'), []);
});
