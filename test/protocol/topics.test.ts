import {
  ALL_KINDS,
  agentFilters,
  allTopic,
  DOWN_KINDS,
  downTopic,
  parseTopic,
  shardFilter,
  shardOf,
  type Topic,
  UP_KINDS,
  upTopic,
} from '@ringwave/protocol/topics';
import { type Id, id } from '@ringwave/protocol/units';
import { test } from 'tap';
import { Random } from '../sim/random.ts';

const site = (text: string) => id(text) as Id;
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789-'.split('');

const anySite = (random: Random): Id =>
  site(Array.from({ length: random.whole(1, 64) }, () => random.oneOf(alphabet)).join(''));

const build = (topic: Topic): string => {
  if (topic.to === 'all') return allTopic(topic.kind);
  return topic.to === 'site' ? downTopic(topic.site, topic.kind) : upTopic(topic.site, topic.kind);
};

test('topics are spelled as the agreement says', (t) => {
  t.equal(upTopic(site('lisbon'), 'hello'), 'fw/v1/up/35/lisbon/hello');
  t.equal(downTopic(site('lisbon'), 'plan'), 'fw/v1/dn/lisbon/plan');
  t.equal(allTopic('halt'), 'fw/v1/dn/all/halt');
  t.equal(shardFilter('35'), 'fw/v1/up/35/#');
  t.same(agentFilters(site('lisbon')), ['fw/v1/dn/lisbon/#', 'fw/v1/dn/all/#']);
  t.end();
});

test('what is built is read back as it was, for any site and every kind', (t) => {
  const random = new Random(1);
  for (let nth = 0; nth < 300; nth += 1) {
    const name = anySite(random);
    const topics: Topic[] = [
      ...UP_KINDS.map(
        (kind) => ({ to: 'controller', shard: shardOf(name), site: name, kind }) as const,
      ),
      ...DOWN_KINDS.map((kind) => ({ to: 'site', site: name, kind }) as const),
      ...ALL_KINDS.map((kind) => ({ to: 'all', kind }) as const),
    ];
    const wrong = topics.find(
      (topic) => JSON.stringify(parseTopic(build(topic))) !== JSON.stringify(topic),
    );
    if (wrong) t.fail(`${build(wrong)} is read otherwise`);
  }
  t.pass('2,700 topics');
  t.end();
});

test('a shard is two hexadecimal digits below 40, and every shard has sites', (t) => {
  const random = new Random(2);
  const seen = new Set(Array.from({ length: 2000 }, () => shardOf(anySite(random))));
  t.equal(seen.size, 64);
  t.ok([...seen].every((shard) => /^[0-3][0-9a-f]$/.test(shard)));
  t.end();
});

test('whatever the table would not build is no topic', (t) => {
  const strange = [
    '',
    'fw/v1',
    'fw/v1/',
    'fw/v1/up',
    'fw/v2/up/35/lisbon/hello',
    'fw/v1/up/36/lisbon/hello',
    'fw/v1/up/35/lisbon/firmware',
    'fw/v1/up/35/lisbon/hello/',
    'fw/v1/up/35/lisbon/hello/more',
    'fw/v1/up/35//hello',
    'fw/v1/up/+/lisbon/hello',
    'fw/v1/up/35/Lisbon/hello',
    'fw/v1/up/35/lis bon/hello',
    'fw/v1/dn/lisbon/#',
    'fw/v1/dn/lisbon/halt',
    'fw/v1/dn/all/plan',
    'fw/v1/dn/all',
    '/fw/v1/dn/all/halt',
    '$SYS/broker',
    '$share/g/fw/v1/dn/all/halt',
    `fw/v1/dn/${'a'.repeat(65)}/plan`,
    `fw/v1/dn/${'a/'.repeat(100)}plan`,
  ];
  t.same(
    strange.filter((topic) => parseTopic(topic) !== undefined),
    [],
  );
  t.end();
});
