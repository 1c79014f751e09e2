import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerApply } from '@ringwave/controller/cli/apply';
import { readDesired } from '@ringwave/controller/cli/desired-files';
import { registerPolicy } from '@ringwave/controller/cli/policy';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { Command } from 'commander';
import * as fc from 'fast-check';
import { type Test, test } from 'tap';
import { openDoor } from '../io/door.ts';
import { idOf, phoneOf, releaseOf } from '../core/desk.ts';

const lisbon = `kind: site
id: lisbon
zone: Europe/Lisbon
windows:
  - { days: [mon, tue, wed, thu, fri, sat, sun], start: "01:00", end: "04:00" }
labels: { region: EU }
`;
const fixes = `kind: policy
id: security-fixes
where: vendor = Yealink and running < 66.86.0.15
channel: stable
deadlines: { critical: 7, high: 30 }
`;

/** A controller, and `ringwave apply` in this process over files of a folder. */
async function desk(t: Test) {
  const door = await openDoor(t);
  const { controller, folder } = door;
  const access = ['--url', controller.url, '--token', controller.access.mintApiToken('ada')];
  const run = async (...words: readonly string[]) => {
    const said = { out: '', told: '', code: 0 };
    const program = new Command('ringwave').exitOverride();
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    const out = {
      write: (text: string) => void (said.out += text),
      fail: (text: string) => void (said.told += `${text}\n`),
      exitWith: (code: number) => void (said.code = code),
      input: (async function* none() {})(),
    };
    registerApply(program, out);
    registerPolicy(program, out);
    await program.parseAsync([...access, ...words], { from: 'user' });
    return said;
  };
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return { controller, door, run, file, folder };
}

test('what files say is made so, and a second time nothing changes', async (t) => {
  const { controller, run, file } = await desk(t);
  const both = file('both.yaml', `${lisbon}---\n${fixes}`);
  const dry = await run('apply', both, '--dry-run');
  t.same([dry.out, dry.code], ['+ site lisbon\n+ policy security-fixes\n= 0 unchanged\n', 2]);
  t.equal(controller.engine.tables.sites.size, 0, 'a dry run stores nothing');
  const made = await run('apply', both);
  t.same([made.out, made.code], ['+ site lisbon\n+ policy security-fixes\n= 0 unchanged\n', 0]);
  const { audit, sites, policies } = controller.engine.tables;
  t.match(sites.get('lisbon'), { zone: 'Europe/Lisbon', labels: { region: 'EU' } });
  t.match(policies.get('security-fixes'), { channel: 'stable', deadlines: { critical: 7 } });
  const entries = audit.size;
  const again = await run('apply', both);
  t.same([again.out, again.code, audit.size], ['= 2 unchanged\n', 0, entries]);
  t.same((await run('apply', both, '--dry-run')).code, 0);

  const later = file('both.yaml', `${lisbon.replace('04:00', '05:00')}---\n${fixes}`);
  const changed = await run('apply', later, '--dry-run');
  t.same(changed.out, '~ site lisbon\n  windows[0].end: 04:00 -> 05:00\n= 1 unchanged\n');
  t.match(JSON.parse((await run('apply', later, '--json')).out), {
    applied: true,
    differences: [
      { change: 'change', values: [{ path: 'windows[0].end', from: '04:00', to: '05:00' }] },
      { change: 'same' },
    ],
  });
  t.equal(sites.get('lisbon')?.windows[0]?.end, '05:00');
});

test('every problem of every file is told with its place, and nothing is stored', async (t) => {
  const { controller, run, file, folder } = await desk(t);
  const first = file(
    'first.yaml',
    `${lisbon.replace('zone:', 'zoen:').replace('"01:00"', '100')}---\nkind: polcy\nid: x\n`,
  );
  const second = file(
    'second.yaml',
    `${lisbon}---\n${lisbon}---\nkind: site\nid: lisbon\nkind: site\n`,
  );
  const { told, code } = await run('apply', first, second);
  t.equal(code, 1);
  t.same(told.trim().replaceAll(`${folder}/`, '').split('\n'), [
    'first.yaml:1:1: zone is missing. Add zone as an IANA time zone such as Europe/Lisbon.',
    'first.yaml:3:1: zoen is not a key that is known here. Did you mean zone?',
    'first.yaml:5:50: windows[0].start is 100, not text. Write it in quotes as the local wall clock HH:MM.',
    'first.yaml:8:1: kind "polcy" is unknown. Did you mean policy?',
    'second.yaml:17:1: Map keys must be unique. Keep one of the two.',
    'second.yaml:2:1: site lisbon is there twice, first in first.yaml:2. Keep one of the two.',
    'second.yaml:9:1: site lisbon is there twice, first in first.yaml:2. Keep one of the two.',
    '7 problems; nothing was stored or changed.',
  ]);
  t.equal(controller.engine.tables.sites.size, 0);
});

test('a fault of form in one document hides nothing that is wrong in another', async (t) => {
  const { controller, run, file, folder } = await desk(t);
  const rollout =
    'kind: rollout\nid: autumn\nreleases: [r1]\nafter: [autumn]\nwaves: [{ name: all }]\n';
  const phone = 'kind: phone\nid: 80:5e:c0:00:00:07\nsite: lisbon\nvendor: Yealink\nmodel: T46S\n';
  const broken = lisbon.replace('zone:', 'zoen:');
  const all = file('all.yaml', [broken, phone, rollout, fixes, fixes].join('---\n'));
  const { told, code } = await run('apply', all);
  t.equal(code, 1);
  t.same(told.trim().replaceAll(`${folder}/`, '').split('\n'), [
    'all.yaml:1:1: zone is missing. Add zone as an IANA time zone such as Europe/Lisbon.',
    'all.yaml:3:1: zoen is not a key that is known here. Did you mean zone?',
    'all.yaml:27:1: policy security-fixes is there twice, first in all.yaml:21. Keep one of the two.',
    'all.yaml:17:1: rollout autumn: after waits in a circle: autumn after autumn. Take one of them out.',
    'all.yaml:15:1: release r1 does not exist. List them with: ringwave release list',
    '5 problems; nothing was stored or changed.',
  ]);
  t.equal(controller.engine.tables.audit.size, 0);
  const gone = await run('--url', 'http://127.0.0.1:9', 'apply', all);
  t.match(
    gone.told,
    /3 problems; nothing was stored or changed\./,
    'no controller is needed for the form',
  );
});

test('a fault of form in a rollout is told once, in its own file, and by its name', async (t) => {
  const { door, run, file, folder } = await desk(t);
  const rollout =
    'kind: rollout\nid: autumn\nreleases: [r1]\nwaves: [{ name: all, count: 0 }]\npriority: 5000\n';
  const freeze = 'kind: freeze\nid: exams\nreason: exams\nfrom: tomorrow\nuntil: 2026-12-12\n';
  const all = file('all.yaml', [lisbon, rollout, freeze].join('---\n'));
  const { told } = await run('apply', all);
  t.same(told.trim().replaceAll(`${folder}/`, '').split('\n'), [
    'all.yaml:11:22: waves[0].count is 0. Write a number from 1 to 1000000.',
    'all.yaml:12:1: priority is 5000. Write a number from 0 to 1000.',
    'all.yaml:17:1: from is "tomorrow". Write it out as 2026-12-24, 2026-12-24T18:00 by each site’s clock, or 2026-12-24T18:00Z.',
    'all.yaml:9:1: release r1 does not exist. List them with: ringwave release list',
    '4 problems; nothing was stored or changed.',
  ]);
  t.match(
    await door.ask('POST', '/api/v1/desired-state', {
      documents: [{ kind: 'rollback', id: 'back', releases: ['r1'], priority: 5000 }],
    }),
    { body: { problems: [{ thing: 'rollout back: priority', reason: 'is 5000' }] } },
  );
});

test('a fault of form in a document hides nothing else that is wrong with it', async (t) => {
  const { controller, run, file, folder } = await desk(t);
  const site = lisbon
    .replace('Europe/Lisbon', 'Europe/Lisbn')
    .replace('labels', 'labls')
    .replace('[mon, tue, wed, thu, fri, sat, sun]', '[]');
  const phone =
    'kind: phone\nid: 80:5e:c0:00:00:07\nsite: lisbon\nvendor: Yealnk\nmodl: T46S\ncoverageGroup: desk\n';
  const freeze =
    'kind: freeze\nid: exams\nreason: 5\nfrom: "2026-12-24"\nuntil: "2026-12-12"\nwhere: site.region = EU\n';
  const policy = fixes.replace('vendor', 'vendr').replace('channel: stable', 'release: R1');
  const rollout =
    'kind: rollout\nid: autumn\nreleases: [r1]\nafter: [security-fixes, winter]\nprority: 5\nwaves:\n  - { name: all, count: 1, percent: 3 }\n  - { name: all }\npreset: 3\n';
  const winter =
    'kind: rollout\nid: winter\nreleases: [7]\nafter: [autumn]\nwaves: [{ name: all }]\n';
  const all = file('all.yaml', [site, phone, freeze, policy, rollout, winter].join('---\n'));
  const { told, code } = await run('apply', all);
  t.equal(code, 1);
  t.same(told.trim().replaceAll(`${folder}/`, '').split('\n'), [
    'all.yaml:6:1: labls is not a key that is known here. Did you mean labels?',
    'all.yaml:8:1: model is missing. Add model as one line without control characters.',
    'all.yaml:12:1: modl is not a key that is known here. Did you mean model?',
    'all.yaml:17:1: reason is 5, not text. Write it in quotes as one line without control characters.',
    'all.yaml:25:1: release is "R1". Write it in lower-case letters, digits and dashes.',
    'all.yaml:32:1: prority is not a key that is known here. Did you mean priority?',
    'all.yaml:40:12: releases[0] is 7, not text. Write it in quotes in lower-case letters, digits and dashes.',
    'all.yaml:29:1: rollout autumn gives waves and a preset. Give one of the two.',
    'all.yaml:31:1: rollout autumn: after waits in a circle: autumn after winter after autumn. Take one of them out.',
    'all.yaml:11:1: phone 80:5e:c0:00:00:07: vendor nobody here knows a vendor Yealnk. Did you mean Yealink?',
    'all.yaml:19:1: freeze exams: until is not after from. Swap them.',
    'all.yaml:24:1: policy security-fixes: where, column 1 "vendr" is no field. Expected: vendor',
    'all.yaml:3:1: site lisbon: zone "Europe/Lisbn" is not an IANA time zone. Did you mean Europe/Lisbon?',
    'all.yaml:5:5: site lisbon: windows[0] names no weekday, so it never opens. Correct the rule, for example {"days":["mon"],"start":"02:00","end":"05:00"}.',
    'all.yaml:29:1: release r1 does not exist. List them with: ringwave release list',
    'all.yaml:34:5: rollout autumn: wave all gives count and percent. Give one of the two.',
    'all.yaml:34:5: rollout autumn: wave all is there twice. Name each wave once.',
    'all.yaml:29:1: rollout security-fixes does not exist. List them with: ringwave rollout list',
    '18 problems; nothing was stored or changed.',
  ]);
  t.equal(controller.engine.tables.audit.size, 0);
});

test('what follows from the fault of one document is not told of another', async (t) => {
  const { run, file, folder } = await desk(t);
  const grouped = `${lisbon}coverage: [{ id: desk, minUp: 1 }]\nphones: 3\n`;
  const phone =
    'kind: phone\nid: 80:5e:c0:00:00:07\nsite: lisbon\nvendor: Yealink\nmodel: T46S\ncoverageGroup: desk\n';
  const rollout =
    'kind: rollout\nid: autumn\nreleases: [r1]\nselection: { where: site.region = EU and model = T46S }\nwaves: [{ name: all }]\n';
  t.same((await run('apply', file('before.yaml', lisbon))).told, '');
  const all = file('all.yaml', [phone, rollout, grouped].join('---\n'));
  const { told } = await run('apply', all);
  t.same(
    told
      .trim()
      .replaceAll(`${folder}/`, '')
      .split('\n')
      .map((line) => line.slice(0, 70)),
    [
      'all.yaml:21:1: phones is not a key that is known here. Remove it; know',
      'all.yaml:9:1: release r1 does not exist. List them with: ringwave rele',
      '2 problems; nothing was stored or changed.',
    ],
  );
});

test('what only the controller can know is told at its place too, and all is left as it was', async (t) => {
  const { controller, run, file } = await desk(t);
  const one = file(
    'one.yaml',
    `${lisbon.replace('Europe/Lisbon', 'Europe/Lisbn')}---\n${fixes.replace('vendor', 'vendr').replace('channel: stable', 'release: r1')}---\n${lisbon.replace('id: lisbon', 'id: porto')}`,
  );
  const { told, code } = await run('apply', one);
  t.equal(code, 1);
  t.match(
    told,
    /one\.yaml:3:1: site lisbon: zone "Europe\/Lisbn" is not an IANA time zone\. Did you mean Europe\/Lisbon\?/,
  );
  t.match(
    told,
    /one\.yaml:10:1: policy security-fixes: where, column 1 "vendr" is no field\. Expected: vendor/,
  );
  t.match(told, /one\.yaml:11:1: policy security-fixes: release does not exist/);
  t.same(
    [controller.engine.tables.sites.size, controller.engine.tables.audit.size],
    [0, 0],
    'porto alone was right',
  );
});

test('a rollout may differ until it begins; its pause is never the file\u2019s', async (t) => {
  const { controller, run, file } = await desk(t);
  await run('apply', file('lisbon.yaml', lisbon));
  const release = releaseOf();
  for (const command of [
    { kind: 'phones-put', phones: [phoneOf(1), phoneOf(2), phoneOf(3)] },
    { kind: 'release-put', release },
    { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' },
  ] as const)
    t.ok(controller.engine.command('ada', command).ok, command.kind);
  const text = (failures: number) =>
    `kind: rollout\nid: autumn\nreleases: [${release.id}]\nselection: { where: vendor = Yealink }\nwaves: [{ name: all }]\ngate: { failuresMax: ${failures}, soakMinutes: 60 }\n`;
  t.equal((await run('apply', file('r.yaml', text(1)))).out, '+ rollout autumn\n= 0 unchanged\n');
  t.equal((await run('apply', file('r.yaml', text(1)))).out, '= 1 unchanged\n');
  const edited = await run('apply', file('r.yaml', text(2)));
  t.equal(edited.out, '~ rollout autumn\n  gate.failuresMax: 1 -> 2\n= 0 unchanged\n', edited.told);
  const command = (one: Parameters<typeof controller.engine.command>[1]) =>
    t.ok(controller.engine.command('bob', one).ok, one.kind);
  command({ kind: 'rollout-approve', rollout: idOf('autumn') });
  command({ kind: 'rollout-pause', rollout: idOf('autumn'), reason: 'wait' });
  t.equal((await run('apply', file('r.yaml', text(2)))).out, '= 1 unchanged\n');
  t.equal(controller.engine.tables.rollouts.get('autumn')?.state, 'paused');
  const late = await run('apply', file('r.yaml', text(3)));
  t.equal(late.code, 1);
  t.match(
    late.told,
    /r\.yaml:2:1: rollout autumn is paused and cannot differ any more \(gate\.failuresMax\)\. Put the file back/,
  );
  const faulty = await run('apply', file('r.yaml', `${text(3)}prority: 5\nname: 7\n`));
  t.match(
    faulty.told,
    /cannot differ any more \(gate\.failuresMax\)/,
    'nor beside a fault of form',
  );
  const unread = await run('apply', file('r.yaml', `${text(2)}name: 7\n`));
  t.match(
    unread.told,
    /^.* name is 7, not text\. Write it in quotes as one line without control characters\.\n1 problem;/,
  );
});

test('a rollout that has begun is given more time by its file, and by its content sent again', async (t) => {
  const { door, controller, run, file } = await desk(t);
  await run('apply', file('lisbon.yaml', lisbon));
  const release = releaseOf();
  for (const command of [
    { kind: 'phones-put', phones: [phoneOf(1), phoneOf(2), phoneOf(3)] },
    { kind: 'release-put', release },
    { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' },
  ] as const)
    t.ok(controller.engine.command('ada', command).ok, command.kind);
  const dueAt = Date.UTC(2199, 0, 1);
  const text = (due: number | string) =>
    `kind: rollout\nid: autumn\nreleases: [${release.id}]\npreset: canary-tenth-rest\ndeadline: { dueAt: ${due}, because: CVE-2026-0001 }\n`;
  t.same((await run('apply', file('r.yaml', text('2199-01-01T01:00:00+01:00')))).told, '');
  controller.engine.command('bob', { kind: 'rollout-approve', rollout: idOf('autumn') });
  const path = '/api/v1/rollouts/autumn';
  const { deadline, ...content } = (await door.ask('GET', `${path}/content`)).body;
  const later = await door.ask('PUT', path, {
    ...content,
    deadline: { ...deadline, dueAt: dueAt + 1 },
  });
  t.match([later.status, later.body], [200, { state: 'running', deadline: { dueAt: dueAt + 1 } }]);
  const filed = await run('apply', file('r.yaml', text(dueAt + 2)));
  t.match(filed.out, /~ rollout autumn\n {2}deadline\.dueAt: .*\n= 0 unchanged/, filed.told);
  const earlier = await run('apply', file('r.yaml', text(dueAt)));
  t.match(earlier.told, /is running and cannot differ any more \(deadline\.dueAt\)/);
  t.match(controller.engine.tables.rollouts.get('autumn'), { deadline: { dueAt: dueAt + 2 } });
});

test('a planned freeze stands in a file, and who planned it does not', async (t) => {
  const { controller, run, file } = await desk(t);
  const freeze =
    'kind: freeze\nid: fair\nreason: trade fair\nfrom: "2026-12-24"\nuntil: "2027-01-03"\nsites: [lisbon]\n';
  const both = file('both.yaml', `${freeze}---\n${lisbon}`);
  t.same((await run('apply', both)).told, '');
  t.match(controller.engine.tables.plannedFreezes.get('fair'), { who: 'ada', sites: ['lisbon'] });
  t.equal((await run('apply', both)).out, '= 2 unchanged\n');
  const later = file('both.yaml', `${freeze.replace('01-03', '01-06')}---\n${lisbon}`);
  t.match((await run('apply', later)).out, /~ freeze fair\n {2}until: 2027-01-03 -> 2027-01-06/);
});

test('phones stand in files by their MAC, and what they showed themselves is no difference', async (t) => {
  const { controller, run, file } = await desk(t);
  const phone = (own: string) =>
    `kind: phone\nid: 80-5E-C0-00-00-01\nsite: lisbon\nvendor: Yealink\nmodel: T46S\n${own}`;
  const both = (own: string) => file('both.yaml', `${phone(own)}---\n${lisbon}`);
  const made = await run('apply', both('labels: { room: A1 }\n'));
  t.equal(made.out, '+ phone 80:5e:c0:00:00:01\n+ site lisbon\n= 0 unchanged\n', made.told);
  t.equal((await run('apply', both('labels: { room: A1 }\n'))).out, '= 2 unchanged\n');
  const moved = await run('apply', both('labels: { room: B2 }\nemergency: true\n'));
  t.equal(
    moved.out,
    '~ phone 80:5e:c0:00:00:01\n  labels.room: A1 -> B2\n  emergency: false -> true\n= 1 unchanged\n',
  );
  t.match(
    [...controller.engine.tables.phones.values()],
    [{ emergency: true, labels: { room: 'B2' } }],
  );
  const twice = await run(
    'apply',
    file('t.yaml', `${phone('')}---\n${phone('').replaceAll('-', ':').replace(':::', '---')}`),
  );
  t.match(twice.told, /phone 80:5e:c0:00:00:01 is there twice/);
  const lost = await run('apply', file('l.yaml', phone('').replace('lisbon', 'lisbn')));
  t.match(
    lost.told,
    /l\.yaml:3:1: phone 80:5e:c0:00:00:01: site lisbn does not exist\. Did you mean lisbon\?/,
  );
});

test('a rollout that names a release nobody has is told in its own file', async (t) => {
  const { run, file } = await desk(t);
  const rollout = 'kind: rollout\nid: autumn\nreleases: [nothing]\nwaves: [{ name: all }]\n';
  const { told } = await run('apply', file('a.yaml', lisbon), file('b.yaml', rollout));
  t.match(told, /b\.yaml:2:1: release nothing does not exist/);
});

test('a file that cannot be read never ends as a dry run that found differences does', async (t) => {
  const { run, file, folder } = await desk(t);
  const endsWith = async (path: string): Promise<unknown> =>
    run('apply', path, '--dry-run').then(
      ({ code }) => code,
      (error: unknown) => error instanceof CliFault && error.exitCode,
    );
  t.equal(await endsWith(join(folder, 'none.yaml')), 1);
  t.equal(await endsWith(folder), 1);
  t.equal(await endsWith(file('empty.yaml', '')), 1);
});

test('policies are listed with the phones that they mean now, and removed', async (t) => {
  const { controller, run, file } = await desk(t);
  await run('apply', file('both.yaml', `${lisbon}---\n${fixes.replace('running', 'not running')}`));
  controller.engine.command('ada', { kind: 'phones-put', phones: [phoneOf(1)] });
  t.match(
    (await run('policy', 'list')).out,
    /security-fixes +channel stable +critical 7, high 30 +0 +vendor/,
  );
  t.match((await run('policy', 'show', 'security-fixes', '--json')).out, /"phones":0/);
  t.equal((await run('policy', 'remove', 'security-fixes')).out, 'policy security-fixes removed\n');
  t.equal(controller.engine.tables.policies.size, 0);
  await t.rejects(run('policy', 'show', 'security-fixes'), /policy security-fixes does not exist/);
});

test('the example of docs/desired-state.md is read without a problem', (t) => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/desired-state.md'), 'utf8');
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
  const { documents, problems } = readDesired('guide', example);
  t.same(problems, []);
  t.same(
    documents.map(({ document }) => document.id),
    ['lisbon', 'security-fixes', 'autumn'],
  );
  t.end();
});

const PIECES =
  `kind: site\nid: x\n---\n...\n- \n? \n: \n! \n& \n* \n<<: \n[ \n] \n{ \n} \n| \n> \n" \n' \n# \n%YAML 1.1\n%TAG ! x\n\t\n  \n\0\n\ud800\n__proto__: {}\nnull: 1\n~\n.inf\n0x1f\n2026-01-01\nwindows:\n- {days: [mon]}\n`.split(
    '\n',
  );

test('whatever a file holds, it is documents or problems with their places', (t) => {
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 }));
  const text = fc
    .tuple(fc.array(piece, { maxLength: 40 }), fc.constantFrom('\n', ' ', ''))
    .map(([pieces, between]) => pieces.join(between));
  const property = fc.property(text, (said) => {
    const { documents, problems } = readDesired('f', said);
    assert.ok(problems.every(({ line, column, next }) => line >= 1 && column >= 1 && next !== ''));
    for (const one of documents) assert.ok(one.place('windows[0].start').line >= 1);
  });
  fc.assert(property, { numRuns: 3000 });
  t.end();
});

test('YAML that is a trap is refused and not unfolded', (t) => {
  const told = (text: string) =>
    readDesired('f', text).problems.map(
      ({ line, column, problem }) => `${line}:${column} ${problem}`,
    );
  t.same(told('a: &x [1]\nkind: *x\n'), ['2:7 *x repeats another part']);
  t.match(told('kind: !!js/function x')[0], /the tag !!js\/function is not read here/);
  t.match(told('kind: [')[0], /^1:8 /);
  const deep = 'maps and lists are nested more than 32 deep here';
  for (const [text, place] of [
    ['['.repeat(20_000), '1:33'],
    [`kind: site\nlabels: ${'['.repeat(40)}${']'.repeat(40)}`, '2:40'],
    ['- '.repeat(2000), '1:65'],
    ['? '.repeat(2000), '1:65'],
  ] as const)
    t.same(told(text), [`${place} ${deep}`]);
  t.notMatch(told(`kind: ${'['.repeat(31)}${']'.repeat(31)}`).join(), deep);
  t.same(told(''), []);
  t.match(told('- a list')[0], 'kind is missing');
  t.match(told('kind: site\nid: 7\nzone: x\nwindows: []\n__proto__: {}')[0], /^2:1 id is 7/);
  t.end();
});

test('names from before they were looked at are put right by the file, also of a rollout that has begun', async (t) => {
  const { controller, run, file } = await desk(t);
  const { tables } = controller.engine;
  const release = releaseOf();
  for (const command of [
    { kind: 'release-put', release },
    { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried in the lab' },
  ] as const)
    controller.engine.command('ada', command);
  t.same((await run('apply', file('s.yaml', lisbon))).told, '');
  controller.engine.command('ada', { kind: 'phones-put', phones: [phoneOf(1)] });
  const rollout = (own: string) =>
    `kind: rollout\nid: autumn\nreleases: [${release.id}]\nwaves: [{ name: all }]\n${own}`;
  t.same((await run('apply', file('r.yaml', rollout('')))).told, '');
  const stored = tables.rollouts.get('autumn');
  const site = tables.sites.get('lisbon');
  if (!stored || !site) return t.fail('it was refused');
  tables.sites.set(site.id, { ...site, name: 'Lis\nbon' });
  const waves = stored.waves.map((wave) => ({ ...wave, spec: { ...wave.spec, name: 'a\tb' } }));
  const old = { ...stored, name: 'fix\n7', waves, state: 'running' as const, approvedBy: 'bob' };
  tables.rollouts.set(stored.id, old);
  const kept = await run('apply', file('r.yaml', rollout('name: "fix\\n7"\n')));
  t.match(kept.told, /r\.yaml:5:\d+: name is "fix\\n7"\. Write it as one line without control/);
  const more = await run('apply', file('r.yaml', rollout('name: Fix 7\npriority: 5\n')));
  t.match(more.told, /is running and cannot differ any more \(priority\)/);
  const both = `${lisbon}name: Lisbon\n---\n${rollout('name: Fix 7\n')}`;
  const mended = await run('apply', file('both.yaml', both));
  t.same(
    mended.out.split('\n').map((one) => one.trim()),
    [
      '~ site lisbon',
      'name: "Lis\\nbon" -> Lisbon',
      '~ rollout autumn',
      'name: "fix\\n7" -> Fix 7',
      'waves[0].name: "a\\tb" -> all',
      '= 0 unchanged',
      '',
    ],
  );
  t.match(tables.sites.get('lisbon'), { name: 'Lisbon' });
  const now = tables.rollouts.get('autumn');
  t.match(now, { name: 'Fix 7', state: 'running', approvedBy: 'bob' });
  t.equal(now?.waves[0]?.spec.name, 'all');
  t.match([...tables.audit.values()].at(-1), { what: 'names put right', object: 'autumn' });
  t.match((await run('apply', file('both.yaml', both))).out, '= 2 unchanged');
});
