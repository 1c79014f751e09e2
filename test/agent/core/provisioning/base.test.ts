import { test } from 'tap';
import { readBaseSettings } from '../../../../agent/core/provisioning/base.ts';

const told = (text: string): unknown => {
  const read = readBaseSettings(text);
  return 'problems' in read ? read.problems.map(({ path, reason }) => `${path} ${reason}`) : read;
};

test('three kinds of base are read', (t) => {
  t.same(told('{"base":"template","hardened":true}'), {
    settings: { source: { kind: 'template' }, isHardened: true },
  });
  t.same(told('{"base":"folder","folder":"/srv/phones","anyCase":true}'), {
    settings: {
      source: { kind: 'folder', folder: '/srv/phones', anyCase: true },
      isHardened: false,
    },
  });
  t.same(told('{"base":"upstream","url":"https://pbx/prov","login":{"user":"u","password":"p"}}'), {
    settings: {
      source: { kind: 'upstream', url: 'https://pbx/prov', login: { user: 'u', password: 'p' } },
      isHardened: false,
    },
  });
  t.end();
});

test('all that is wrong with the settings is said at once', (t) => {
  t.same(told('{"base":"folder","foldr":"/srv","url":7}'), [
    'foldr is not a key that is known here',
    'url is 7, not text',
  ]);
  t.same(told('{"base":"folder","url":"http://pbx/"}'), [
    'folder is missing',
    'url says nothing for base folder',
  ]);
  t.same(told('{"base":"upstream","url":"ftp://pbx/"}'), ['url is "ftp://pbx/"']);
  t.same(told('{"base":"upstream","url":"http://u:p@pbx/"}'), ['url is "http://u:p@pbx/"']);
  t.match(told('{"base":'), [/is not JSON/]);
  t.end();
});
