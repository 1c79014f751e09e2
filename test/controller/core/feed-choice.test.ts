import { test } from 'tap';
import { plainFeeds, readFeeds } from '../../../controller/core/feed-choice.ts';

const told = (value: unknown): string[] => {
  const read = readFeeds(value);
  return 'problems' in read
    ? read.problems.map(({ path, reason, nextStep }) => `${path}: ${reason}. ${nextStep}`)
    : [];
};

test('feeds of every kind are read from one list, and each has a name', (t) => {
  const rules = [{ in: 'title', form: 'Firmware {version}' }];
  const read = readFeeds({
    feeds: [
      { kind: 'releases', url: 'https://mirror.example/releases.json' },
      { kind: 'releases', url: 'https://mirror.example/more.json' },
      { kind: 'syndication', url: 'https://news.example/rss', vendor: 'Yealink', rules },
      { kind: 'page', url: 'https://v.example/', vendor: 'Snom', entry: '.fw', file: 'a' },
      { kind: 'directory', url: 'https://v.example/fw/', vendor: 'Yealink', name: 'folder' },
      { kind: 'wazo-pkgs', url: 'https://wazo.example/pkgs.db' },
      { kind: 'csaf', url: 'https://csaf.example' },
      { kind: 'kev', url: 'https://cisa.example/kev.json' },
      { kind: 'nvd', url: 'https://nvd.example/cves' },
      { kind: 'epss', url: 'https://epss.example/today.csv' },
      { kind: 'advisories', url: 'http://127.0.0.1:8080/own.json' },
    ],
  });
  t.same('feeds' in read && read.feeds.map(({ name }) => name), [
    'releases-mirror-example',
    'releases-mirror-example-2',
    'syndication-news-example',
    'page-v-example',
    'folder',
    'wazo-pkgs-wazo-example',
    'csaf-csaf-example',
    'kev-cisa-example',
    'nvd-nvd-example',
    'epss-epss-example',
    'advisories-127-0-0-1-8080',
  ]);
  t.end();
});

test('everything wrong with a list of feeds is told at once', (t) => {
  t.same(
    told([
      { kind: 'kevv', url: 'https://cisa.example/kev.json' },
      { kind: 'kev', url: 'ftp://cisa.example/kev.json' },
      { kind: 'kev', url: 'https://a.example', vendor: 'Snom' },
      { kind: 'directory', url: 'https://a.example', vendor: 'Nobody' },
      { kind: 'nvd', url: 'https://a.example', name: 'one' },
      { kind: 'nvd', url: 'https://b.example', name: 'one' },
      'kev',
    ]),
    [
      'feeds[0].kind: is "kevv", which no feed is. Did you mean kev?',
      'feeds[1].url: is "ftp://cisa.example/kev.json", no http or https address. Write it like https://firmware.example.org/list.json.',
      'feeds[2].vendor: is no setting of kev. Take it out: it has none.',
      'feeds[3].vendor: is no vendor known here, so nobody can read the names of its files. Follow a page or a manifest instead.',
      'feeds[5].name: one is the name of another feed. Give each a name of its own.',
      'feeds[6]: is no feed. Write {"kind": …, "url": …}.',
    ],
  );
  t.match(told({}), [/is no list of feeds/]);
  t.match(told(Array.from({ length: 201 }, () => ({}))), [/names 201 feeds/]);
  t.end();
});

test('a feed told by its address alone never takes the name of one in the list', (t) => {
  const url = 'https://mirror.example/releases.json';
  const written = plainFeeds([{ kind: 'releases', url }]);
  const both = plainFeeds([{ kind: 'releases', url }], written);
  t.same(
    both.map(({ name }) => name),
    ['releases-mirror-example', 'releases-mirror-example-2'],
  );
  t.end();
});
