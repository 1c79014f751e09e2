import { test } from 'tap';
import { good, type Habit } from '../../../simulator/core/habit.ts';
import { kindOf } from '../../../simulator/core/phone-kinds.ts';
import { NotifyDesk } from '../../../simulator/core/notify-desk.ts';
import { wakeOf } from '../../../simulator/core/sip-answer.ts';

const yealink = kindOf('Yealink', 'T46S')!.wakes;
const from = { address: '127.0.0.1', port: 5070 };

const request = (method: string, branch: string, more: readonly string[] = []): Buffer =>
  Buffer.from(
    [
      `${method} sip:2001@127.66.1.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:5070;branch=${branch};rport`,
      'From: <sip:a@127.0.0.1>;tag=1',
      'To: <sip:2001@127.66.1.1>',
      'Call-ID: c1',
      `CSeq: 1 ${method}`,
      ...more,
      '',
      '',
    ].join('\r\n'),
  );

const answerOf = (desk: NotifyDesk, bytes: Buffer, habit: Habit = good) =>
  desk.answer(bytes, { from, habit, userAgent: 'Yealink SIP-T46S 66.85.0.5' });

const checkSync = ['Event: check-sync;reboot=true'];

test('an answer repeats what the request asks back, and says where it came from', (t) => {
  const desk = new NotifyDesk(yealink, 's');
  t.match(
    answerOf(desk, request('NOTIFY', 'z9hG4bK1', checkSync))
      ?.answer.toString()
      .split('\r\n'),
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport=5070;received=127.0.0.1',
      'From: <sip:a@127.0.0.1>;tag=1',
      /^To: <sip:2001@127\.66\.1\.1>;tag=[0-9a-f]{16}$/,
      'Call-ID: c1',
      'CSeq: 1 NOTIFY',
      'User-Agent: Yealink SIP-T46S 66.85.0.5',
      'Content-Length: 0',
      '',
      '',
    ],
  );
  t.end();
});

test('a NOTIFY that comes again gets the same bytes and wakes nobody twice', (t) => {
  const desk = new NotifyDesk(yealink, 's');
  const notify = request('NOTIFY', 'z9hG4bK1', checkSync);
  const first = answerOf(desk, notify);
  const again = answerOf(desk, notify);
  t.match(first?.notify, { status: 200, wants: 'reboot' });
  t.same(again?.answer, first?.answer);
  t.equal(again?.notify, undefined);
  t.match(answerOf(desk, request('NOTIFY', 'z9hG4bK2', checkSync))?.notify, { wants: 'reboot' });
  t.end();
});

test('a call ends after as many asks as it was said to last', (t) => {
  const desk = new NotifyDesk(yealink, 's');
  const busy = answerOf(desk, request('NOTIFY', 'b1', checkSync), { kind: 'in-call', asks: 2 });
  t.match(busy?.notify, { status: 486, habitNow: { kind: 'in-call', asks: 1 } });
  t.equal(busy?.notify?.wants, undefined);
  const last = answerOf(desk, request('NOTIFY', 'b2', checkSync), { kind: 'in-call', asks: 1 });
  t.match(last?.notify, { status: 486, habitNow: good });
  t.end();
});

test('phones act on the events of their line, and refuse strange ones', (t) => {
  const said = (vendor: string, model: string, event: string, body = '') => {
    const desk = new NotifyDesk(kindOf(vendor, model)!.wakes, 's');
    const { status, wants } =
      answerOf(desk, request('NOTIFY', 'b', [`o: ${event}`, '', body]))?.notify ?? {};
    return wants ?? status;
  };
  t.equal(said('Yealink', 'T46S', 'check-sync;reboot=true'), 'reboot');
  t.equal(said('Yealink', 'T46S', 'check-sync; reboot=false'), 'reload');
  t.equal(said('Yealink', 'T46S', 'ACTION-URI', 'key=Reboot'), 'reboot');
  t.equal(said('Yealink', 'T46S', 'ACTION-URI', 'key=Cook'), 489);
  t.equal(said('Yealink', 'T46S', 'resync'), 489);
  t.equal(said('Polycom', 'VVX450', 'check-sync'), 'reload');
  t.equal(said('Cisco', '8851', 'resync'), 'reload');
  t.equal(said('Cisco', '8851', 'reboot=true'), 'reboot');
  t.equal(said('Linksys', 'SPA942', 'reboot=true'), 'reboot');
  t.equal(said('Linksys', 'SPA942', 'check-sync;reboot=true'), 489);
  t.equal(said('Grandstream', 'GXP2170', 'resync'), 'reload');
  t.equal(said('Htek', 'UC926', 'resync'), 'reload');
  t.equal(said('Mitel', '6867i', 'check-sync;reboot=true'), 'reboot');
  t.equal(said('Digium', 'D40', 'check-sync'), 489, 'of these nothing is documented');
  t.end();
});

test('OPTIONS is answered, other methods are refused, and what is no request gets nothing', (t) => {
  const desk = new NotifyDesk(yealink, 's');
  const status = (bytes: Buffer) => answerOf(desk, bytes)?.answer.toString().split('\r\n')[0];
  t.equal(status(request('OPTIONS', 'b1')), 'SIP/2.0 200 OK');
  t.equal(status(request('INVITE', 'b2')), 'SIP/2.0 405 Method Not Allowed');
  t.equal(status(request('ACK', 'b3')), undefined);
  t.equal(status(Buffer.from('SIP/2.0 200 OK\r\n\r\n')), undefined);
  t.equal(status(Buffer.from('NOTIFY sip:a SIP/2.0\r\nFrom: x\r\n\r\n')), undefined);
  t.equal(status(Buffer.alloc(9000, 'a')), undefined);
  t.end();
});

test('a phone without a login cannot challenge', (t) => {
  const desk = new NotifyDesk(yealink, 's');
  const notify = request('NOTIFY', 'b1', checkSync);
  t.match(answerOf(desk, notify, { kind: 'challenges' })?.notify, { status: 200 });
  t.end();
});

const [reload, restart] = ['check-sync;reboot=false', 'check-sync;reboot=true'];

/** By maker and model: what makes it read its files, if anything alone, and what restarts it. */
const WOKEN: readonly (readonly [phone: string, reload: string | null, reboot: string | null])[] = [
  ['Yealink T46S', reload, restart],
  ['Snom D785', reload, restart],
  ['Polycom VVX411', 'check-sync', null],
  ['Cisco 8851', 'resync', 'reboot=true'],
  ['Cisco SPA504G', 'resync', 'reboot=true'],
  ['Cisco 7965G', 'check-sync', null],
  ['Cisco 7960', 'check-sync', null],
  ['Grandstream GXP2170', 'resync', restart],
  ['Htek UC926', 'resync', restart],
  ['Sangoma S500', 'resync', restart],
  ['Fanvil X4', 'check-sync', restart],
  ['Akuvox R29', 'check-sync', restart],
  ['Mitel 6867i', null, restart],
  ['Aastra 6731i', null, restart],
  ['Panasonic KX-UT123', null, restart],
  ['Avaya J179', null, restart],
  ['Avaya 1220', null, restart],
  ['Gigaset N870 IP PRO', 'check-sync', restart],
];

test('each maker’s phones are woken by the events that its documents name, and the facts name them', (t) => {
  for (const [phone, reloads, restarts] of WOKEN) {
    const [vendor = '', ...model] = phone.split(' ');
    const { wakes } = kindOf(vendor, model.join(' '))!;
    const named = [...wakes.reload, ...wakes.reboot].map(({ event }) => event);
    for (const [event, wants] of [
      [reloads, 'reload'],
      [restarts, 'reboot'],
    ] as const) {
      if (event === null) continue;
      t.ok(named.includes(event), `${phone}: ${event}`);
      t.equal(wakeOf({ event, body: '' }, wakes), wants, `${phone}: ${event}`);
    }
    t.equal(wakeOf({ event: 'talk', body: '' }, wakes), undefined, phone);
  }
  const { wakes } = kindOf('Yealink', 'T46S')!;
  t.equal(wakeOf({ event: 'ACTION-URI', body: 'key=Reboot' }, wakes), 'reboot');
  t.equal(wakeOf({ event: 'ACTION-URI', body: 'key=Reset' }, wakes), undefined);
  t.end();
});
