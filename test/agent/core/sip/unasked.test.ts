import { test } from 'tap';
import { formatSip, parseSip, type SipRequest } from '../../../../agent/core/sip/message.ts';
import { refusalOf, tellsOf } from '../../../../agent/core/sip/unasked.ts';

const usual = {
  Via: 'SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa',
  From: '<sip:stranger@192.0.2.9>;tag=theirs',
  To: '<sip:ringwave@192.0.2.1>',
  'Call-ID': 'call',
  CSeq: '1 NOTIFY',
};

const request = (method: string, said: Record<string, string> = {}): SipRequest =>
  parseSip(
    formatSip({
      opening: `${method} sip:ringwave@192.0.2.1 SIP/2.0`,
      headers: Object.entries({ ...usual, ...said }).filter(([, value]) => value !== ''),
    }),
  ) as SipRequest;

test('each request that nobody may send us has its refusal, and an ACK none', (t) => {
  const refused = (method: string, said?: Record<string, string>) =>
    refusalOf(request(method, said), 'ours')?.toString().split('\r\n');
  t.same(refused('NOTIFY'), [
    'SIP/2.0 481 Subscription Does Not Exist',
    'Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa',
    'From: <sip:stranger@192.0.2.9>;tag=theirs',
    'To: <sip:ringwave@192.0.2.1>;tag=ours',
    'Call-ID: call',
    'CSeq: 1 NOTIFY',
    'Content-Length: 0',
    '',
    '',
  ]);
  t.match(refused('CANCEL')?.[0], /481/);
  for (const method of ['INVITE', 'OPTIONS', 'SUBSCRIBE', 'REGISTER', 'MESSAGE', 'notify']) {
    t.match(refused(method)?.[0], /^SIP\/2\.0 405 /, method);
    t.ok(refused(method)?.includes('Allow: NOTIFY'));
  }
  t.equal(refused('ACK'), undefined);
  for (const name of Object.keys(usual)) t.equal(refused('NOTIFY', { [name]: '' }), undefined);
  t.end();
});

test('a state is told in the dialog that asked for it, of the event that was asked for', (t) => {
  const own = { To: '<sip:ringwave@192.0.2.1>;tag=ours', Event: 'dialog;id=1' };
  const tells = (method: string, said: Record<string, string>) =>
    tellsOf(request(method, said), { tag: 'ours', event: 'dialog' });
  t.equal(tells('NOTIFY', own), true);
  t.equal(tells('NOTIFY', { ...own, Event: 'presence' }), false);
  t.equal(tells('NOTIFY', { ...own, Event: '' }), false);
  t.equal(tells('NOTIFY', { ...own, To: usual.To }), false);
  t.equal(tells('NOTIFY', { ...own, To: `${usual.To};tag=other` }), false);
  t.equal(tells('INFO', own), false);
  t.end();
});
