import { test } from 'tap';
import { parseSip } from '../../../../agent/core/sip/message.ts';
import { namedUsers } from '../../../../agent/core/sip/named-users.ts';

const usersOf = (...headers: string[]): readonly string[] => {
  const lines = ['REGISTER sip:10.0.0.9 SIP/2.0', ...headers, 'Content-Length: 0'];
  const message = parseSip(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
  return message?.kind === 'request' ? namedUsers(message) : ['not read'];
};

test('whoever registers, and the login that is shown for it, are named once each', (t) => {
  t.same(
    usersOf(
      'From: "Desk" <sip:805ec0000001@10.0.0.9>;tag=a',
      'To: <sips:805ec0000001@10.0.0.9>',
      'Contact: <sip:1001@10.0.0.7:5060;transport=udp>',
      'Authorization: Digest username="805ec0000002", realm="pbx"',
    ),
    ['805ec0000001', '1001', '805ec0000002'],
  );
  t.end();
});

test('a request that names nobody names none', (t) => {
  t.same(usersOf('From: <sip:10.0.0.9>;tag=a', 'To: <tel:+1>', 'Authorization: Digest x'), []);
  t.same(usersOf(`From: <sip:${'8'.repeat(2000)}@10.0.0.9>`), []);
  t.end();
});
