import { terminalLine, terminalText } from '@ringwave/runtime/terminal-text';
import { test } from 'tap';

test('what a terminal would obey is written out, and breaks and tabs stay', (t) => {
  const said = 'a\u001b[31m\tb\u0007\u009b2J\u007f\r\nÜ 😀';
  t.equal(terminalText(said), 'a\\u001b[31m\tb\\u0007\\u009b2J\\u007f\\u000d\nÜ 😀');
  const value = { said: 'a\u001b\u009b\n' };
  t.same(JSON.parse(terminalText(JSON.stringify(value))), value, 'JSON is the same value');
  t.end();
});

test('one line of several stays one line', (t) => {
  t.equal(terminalLine('a\nsite lisbon frozen\u2028b'), 'a\\nsite lisbon frozen\\u2028b');
  t.end();
});
