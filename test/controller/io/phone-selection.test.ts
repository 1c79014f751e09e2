import { test } from 'tap';
import { siteOf } from '../core/desk.ts';
import { openDoor } from './door.ts';

const open = { days: ['mon'], start: '01:00', end: '03:00' };
const mac = (number: number) => `80:5e:c0:00:00:0${number}`;

test('phones are listed and counted by a selection, a page at a time', async (t) => {
  const door = await openDoor(t);
  const { controller } = door;
  const put = async (method: string, path: string, body: unknown) => {
    const { status, text } = await door.ask(method, `/api/v1${path}`, body);
    t.ok(status < 300, text);
  };
  const labels = { region: 'EU' };
  await put('PUT', '/sites/lisbon', { zone: 'Europe/Lisbon', windows: [open], labels });
  await put('PUT', '/sites/boston', { zone: 'America/New_York', windows: [open] });
  const phone = (number: number, own: object) => ({
    mac: mac(number),
    site: 'lisbon',
    vendor: 'Yealink',
    model: 'T46S',
    ...own,
  });
  await put('POST', '/phones', [
    phone(1, { labels: { room: 'A1' } }),
    phone(2, {}),
    phone(3, { model: 'T48S' }),
    phone(4, { site: 'boston' }),
  ]);
  const get = async (query: Record<string, string>) =>
    (await door.ask('GET', `/api/v1/phones?${new URLSearchParams(query).toString()}`)).body;
  const macs = ({ phones }: { phones: { mac: string }[] }) => phones.map((one) => one.mac);

  const first = await get({ where: 'site.region = EU and vendor = yealink', limit: '2' });
  t.same([macs(first), first.count, first.next], [[mac(1), mac(2)], 3, mac(2)]);
  t.same(first.phones[0].labels, { room: 'A1' });
  const second = await get({ where: 'site.region = EU', limit: '2', after: first.next });
  t.same([macs(second), second.count, second.next], [[mac(3)], 3, null]);
  t.same(macs(await get({ where: 'all', model: 't46s', site: 'boston' })), [mac(4)]);
  t.same((await get({ where: 'running is unknown and seen is unknown' })).count, 4);
  const sites = (await door.ask('GET', '/api/v1/sites')).body;
  t.same(sites[0].labels, labels, 'and labels are seen where sites are');

  const explained = await door.ask('GET', `/api/v1/phones/${mac(3)}?where=model%20%3D%20T46S`);
  t.same(explained.body.selection, {
    matches: false,
    because: ['model = T46S: no, it is T48S'],
  });

  t.same((await get({ where: 'modle = T46S and site.regoin = EU' })).problems, [
    { thing: 'where, column 1', reason: '"modle" is no field', next: 'Expected: model' },
    {
      thing: 'where, column 18',
      reason: 'no site has a label regoin',
      next: 'Expected: site.region',
    },
  ]);
  t.same((await get({ where: 'site.regoin = EU' })).problems, [
    {
      thing: 'where, column 1',
      reason: 'no site has a label regoin',
      next: 'Expected: site.region',
    },
  ]);
  t.match((await get({ where: 'all', phase: 'done' })).problems, [{ thing: 'phase' }]);
  t.match((await get({ where: ')' })).problems, [{ thing: 'where, column 1' }]);

  controller.engine.command('ada', { kind: 'phone-remove', mac: mac(1) as never });
  t.match((await get({ where: 'label.room = a1 or site = lisbon' })).problems[0], {
    reason: 'no phone has a label room',
    next: 'Expected: another test: there are none here',
  });
  t.equal((await get({ where: 'site = lisbon' })).count, 2, 'the tables follow each command');
});

test('a selection as long as one may be is answered over GET, whatever its letters are', async (t) => {
  const door = await openDoor(t);
  door.controller.engine.command('ada', { kind: 'site-put', site: siteOf('lisbon') });
  const count = async (letter: string, letters: number) => {
    const where = `site.name != "${letter.repeat(letters)}"`;
    const { status, body } = await door.ask(
      'GET',
      `/api/v1/phones?${new URLSearchParams({ where }).toString()}`,
    );
    return [status, body.problems?.[0]?.reason ?? body.count];
  };
  const most = 4000 - 'site.name != ""'.length;
  t.same(await count('€', most), [200, 0]);
  t.same(await count('😀', Math.floor(most / 2)), [200, 0]);
  t.same(await count('€', most + 1), [400, 'is 4001 characters long, more than 4000']);
});
