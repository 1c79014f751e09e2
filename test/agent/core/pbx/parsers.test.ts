import * as fc from 'fast-check';
import { test } from 'tap';
import {
  contactsOf,
  cutPackets,
  endpointsIn,
  endpointsOf,
  formatAction,
  notifyAction,
  registeredNow,
} from '../../../../agent/core/pbx/ami.ts';
import * as esl from '../../../../agent/core/pbx/event-socket.ts';
import { lookupAnswer } from '../../../../agent/core/pbx/kamailio.ts';
import { contactOf, isAddress, onlyContact } from '../../../../agent/core/pbx/registration.ts';
import { callStateOf } from '../../../../agent/core/sip/dialog-info.ts';

const packets = (text: string) => {
  const cut = cutPackets(text.replaceAll('\n', '\r\n'));
  return cut.kind === 'cut' ? cut.packets : [];
};

test('packets of the manager interface are read past its greeting', (t) => {
  const [login, list] = packets(
    'Asterisk Call Manager/9.0.0\nResponse: Success\nMessage: Authentication accepted\n\nEvent: ContactList\nEndpoint: 101\nEndpoint: 102\n\nEvent: Half',
  );
  t.equal(login?.get('message'), 'Authentication accepted');
  t.equal(list?.get('endpoint'), '101', 'the first counts');
  t.equal(cutPackets('x'.repeat(70_000)).kind, 'broken');
  t.end();
});

test('an action holds one line for each value, whatever the value holds', (t) => {
  t.equal(
    formatAction(notifyAction('101\r\nAction: Command', { event: 'check-sync;reboot=true' })),
    'Action: PJSIPNotify\r\nEndpoint: 101 Action: Command\r\nVariable: Event=check-sync;reboot=true\r\n\r\n',
  );
  t.end();
});

test('an endpoint owns the channels with its whole name', (t) => {
  const channels = packets('Event: CoreShowChannel\nChannel: PJSIP/101-0000002a\n\n');
  t.same(endpointsIn(channels), new Set(['101']));
  t.same(endpointsIn(packets('Channel: Local/101@x-0000002a;1\n\n')), new Set());
  const contacts = 'Event: ContactList\nEndpoint: 101\nStatus: Unreachable\n\nEndpoint: 102\n\n';
  t.same(endpointsOf(packets(contacts)), new Set(['101']), 'a phone without a network has a name');
  t.end();
});

test('contacts of an endpoint are those that are not known to be gone', (t) => {
  const found = contactsOf(
    packets(
      'Event: ContactList\nEndpoint: 101\nUri: sip:101@10.0.0.7:5062\nStatus: Reachable\nUserAgent: Yealink\nCallId: c1\nExpirationTime: 1800000000\n\nEvent: ContactList\nEndpoint: 101\nUri: sip:101@10.0.0.8:5060\nStatus: Unreachable\n\nEvent: ContactList\nEndpoint: 102\nUri: sip:102@10.0.0.9\n\n',
    ),
    '101',
  );
  const mark = 'c1 1800000000';
  t.same(found, [{ address: '10.0.0.7', port: 5062, userAgent: 'Yealink', mark }]);
  t.end();
});

test('only what a REGISTER brings about says that somebody registered now', (t) => {
  const told = (text: string) => packets(`${text}\n\n`).map(registeredNow)[0];
  const contact = 'Event: ContactStatus\nURI: sip:101@10.0.0.7:5062\nAOR: 101\nEndpointName: 101';
  const at = { address: '10.0.0.7', port: 5062 };
  for (const status of ['Updated', 'Created']) {
    t.same(told(`${contact}\nContactStatus: ${status}`), { endpoint: '101', at }, status);
  }
  for (const status of ['Reachable', 'Unreachable', 'Removed', 'Unknown', 'Unqualified', '']) {
    t.equal(told(`${contact}\nContactStatus: ${status}`), undefined, status);
  }
  const peer = 'Event: PeerStatus\nChannelType: SIP\nPeer: SIP/101\nAddress: 10.0.0.7:5062';
  t.same(told(`${peer}\nPeerStatus: Registered`), { endpoint: '101', at });
  t.equal(told(`${peer}\nPeerStatus: Unregistered`), undefined);
  t.equal(told('Event: DeviceStateChange\nDevice: PJSIP/101\nState: NOT_INUSE'), undefined);
  const named = contact.replace('10.0.0.7', 'phone.example');
  t.equal(told(`${named}\nContactStatus: Updated`), undefined, 'a name proves no phone');
  t.end();
});

test('the event socket tells who registered, percent-encoded', (t) => {
  const event = [
    'Event-Subclass: sofia%3A%3Aregister',
    'Event-Name: CUSTOM',
    'from-user: 101',
    'from-host: pbx.example',
    'network-ip: 10.0.0.7',
    'network-port: 5062',
  ].join('\n');
  const at = { address: '10.0.0.7', port: 5062 };
  t.same(esl.registeredNow(event), { user: '101', domain: 'pbx.example', at });
  t.equal(esl.registeredNow(event.replace('%3Aregister', '%3Aexpire')), undefined);
  t.equal(esl.registeredNow(event.replace('10.0.0.7', '%zz')), undefined);
  t.equal(esl.registeredNow(event.replace('5062', '0')), undefined);
  t.equal(esl.registeredNow(''), undefined);
  t.end();
});

test('a contact is an address, and several are nobody’s', (t) => {
  t.same(contactOf('<sip:101@10.0.0.7;transport=tcp>'), { address: '10.0.0.7', port: 5060 });
  t.same(contactOf('sip:101@[fd00::7]:5070'), { address: 'fd00::7', port: 5070 });
  t.equal(contactOf('sip:101@phone.example'), undefined);
  t.equal(contactOf('sip:101@10.0.0.999'), undefined);
  const here = { address: '10.0.0.7', port: 5060 };
  t.same(onlyContact([here, { ...here, userAgent: 'x' }]), here);
  t.equal(onlyContact([here, { address: '10.0.0.8', port: 5060 }]), 'shared');
  t.equal(onlyContact([]), 'none');
  t.end();
});

test('the event socket tells messages apart by their length', (t) => {
  const body = '{"row_count":0}';
  const cut = esl.cutMessages(
    Buffer.from(
      `Content-Type: auth/request\n\nContent-Type: api/response\nContent-Length: ${body.length}\n\n${body}\nContent-T`,
    ),
  );
  t.match(cut, { kind: 'cut', rest: Buffer.from('Content-T') });
  if (cut.kind === 'cut')
    t.same(
      cut.messages.map((one) => one.body),
      ['', body],
    );
  t.equal(esl.cutMessages(Buffer.from('Content-Length: 99999999\n\n')).kind, 'broken');
  t.end();
});

test('channels and registrations belong to a user of a domain', (t) => {
  const own = { user: '101', domain: 'pbx.example' };
  const rows = esl.rowsOf(
    '{"row_count":2,"rows":[{"name":"sofia/internal/101@pbx.example","presence_id":""},{"reg_user":"101","realm":"pbx.example","network_ip":"10.0.0.7","network_port":"5062"}]}',
  );
  t.same(esl.usersIn(rows!, own.domain), new Set(['101']));
  t.same(esl.usersOf(rows!, own.domain), new Set(['101']));
  t.same(esl.usersOf(rows!, 'elsewhere'), new Set());
  t.same(esl.registrationsOf(rows!, own), [{ address: '10.0.0.7', port: 5062, mark: ' ' }]);
  t.same(esl.rowsOf('{"row_count":0}'), []);
  t.equal(esl.rowsOf('-ERR no such command'), undefined);
  t.end();
});

test('what Kamailio looked up is where the phone really is', (t) => {
  const answer = (contact: object) => ({
    result: { AoR: '101', Contacts: [{ Contact: contact }] },
  });
  const contact = { Address: 'sip:101@192.168.1.7:5060', Expires: 59, Received: '[not set]' };
  t.same(lookupAnswer(answer(contact)), [{ address: '192.168.1.7', port: 5060 }]);
  t.same(lookupAnswer(answer({ ...contact, Received: 'sip:10.0.0.7:1024' })), [
    { address: '10.0.0.7', port: 1024 },
  ]);
  t.same(lookupAnswer(answer({ ...contact, Expires: 'expired' })), []);
  t.same(lookupAnswer({ error: { code: 500, message: 'AOR not found in location table' } }), []);
  t.equal(lookupAnswer({ error: { code: 500, message: 'Location table not found' } }), undefined);
  t.end();
});

test('an address is one written out', (t) => {
  const right = ['10.0.0.7', '255.255.255.255', '0.0.0.0', 'fd00::7', '::1', '::ffff:10.0.0.7'];
  t.same(right.filter(isAddress), right);
  const wrong = [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.7.',
    '1.2.3.4.5',
    'phone',
    'fd00',
    ':::',
    '::1%lo',
  ];
  t.same(wrong.filter(isAddress), []);
  t.end();
});

const dialogs = (state: string, ...states: string[]) =>
  `<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="${state}" entity="sip:101@10.0.0.7">${states.map((one, id) => `<dialog id="${id}"><state>${one}</state></dialog>`).join('')}</dialog-info>`;

test('only a full document without a call says that a phone is idle', (t) => {
  t.equal(callStateOf(dialogs('full')), 'idle');
  t.equal(callStateOf(dialogs('full', 'terminated')), 'idle');
  t.equal(callStateOf(dialogs('full', 'terminated', 'early')), 'in-call');
  t.equal(callStateOf(dialogs('partial', 'confirmed')), 'in-call');
  t.equal(callStateOf(dialogs('partial')), 'unknown');
  t.equal(callStateOf(dialogs('full', 'dreaming')), 'unknown');
  t.equal(callStateOf('<!DOCTYPE x><dialog-info state="full"/>'), 'unknown');
  t.equal(callStateOf(''), 'unknown');
  t.end();
});

test('any text from a PBX or a phone gives an answer', (t) => {
  const line = fc.constantFrom(
    'Response: Success',
    'Event: ContactList',
    'Endpoint: 101',
    'Uri: sip:101@10.0.0.7',
    '',
    'Content-Length: 3',
    ':',
    'x',
  );
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(line, { maxLength: 20 }).map((lines) => lines.join('\r\n')),
  );
  fc.assert(
    fc.property(text, fc.jsonValue(), (text, value) => {
      const cut = cutPackets(text);
      if (cut.kind === 'cut') contactsOf(cut.packets, '101');
      esl.cutMessages(Buffer.from(text.replaceAll('\r', '')));
      const rows = esl.rowsOf(JSON.stringify({ row_count: 1, rows: [value] })) ?? [];
      esl.registrationsOf(rows, { user: '101', domain: 'x' });
      esl.usersIn(rows, 'x');
      esl.usersOf(rows, 'x');
      lookupAnswer(value);
      lookupAnswer({ result: { Contacts: [{ Contact: value }] } });
      contactOf(text);
      return ['idle', 'in-call', 'unknown'].includes(callStateOf(text));
    }),
  );
  t.end();
});
