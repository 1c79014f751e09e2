import { masked } from '@ringwave/agent/core/mask';
import { test } from 'tap';

const login = { user: '0004f2000001', secret: 'Abcdefgh23456789Abcdefgh' };
const told = (text: string): string => masked(Buffer.from(text), [login]).toString();

test('a login is overwritten wherever it stands, and nothing else is', (t) => {
  t.equal(
    told(`set password=${login.secret}; again ${login.secret}`),
    `set password=${'*'.repeat(24)}; again ${'*'.repeat(24)}`,
  );
  const basic = Buffer.from(`${login.user}:${login.secret}`).toString('base64');
  t.notMatch(told(`Authorization: Basic ${basic}`), basic.slice(4, 20));
  t.equal(told('nothing of it'), 'nothing of it');
  t.equal(
    masked(Buffer.from([0, 255, 128]), [login]).toString('hex'),
    '00ff80',
    'bytes stay bytes',
  );
  t.end();
});

test('a secret too short to be told from chance is left', (t) => {
  t.equal(masked(Buffer.from('abc'), [{ user: 'u', secret: 'b' }]).toString(), 'abc');
  t.end();
});

test('what is masked keeps its length and is the caller’s own copy', (t) => {
  const body = Buffer.from(login.secret);
  t.equal(masked(body, [login]).length, body.length);
  t.equal(body.toString(), login.secret);
  t.end();
});
