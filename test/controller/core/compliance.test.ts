import { parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import { days, type EpochMs, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  complianceView,
  csvOf,
  type Rule,
  totalsBySite,
  type Verdict,
  verdictsOf,
} from '../../../controller/core/compliance.ts';
import { agentSilentAfter, explain, explainPhone } from '../../../controller/core/explain.ts';
import { after, type Desk, idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const autumn = idOf('autumn');
const verdict = (desk: Desk, number: number, rule: Rule, at = desk.now): Verdict => {
  const phone = desk.tables.phones.get(macOf(number));
  const found =
    phone && verdictsOf(complianceView(desk.tables, at), phone).find((it) => it.rule === rule);
  if (!found) throw new Error('no such phone');
  return found;
};
const began = (desk: Desk): Desk =>
  desk.do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-approve', rollout: autumn },
  );

/** A sign of life of the site's agent. */
const beats = (desk: Desk): Desk => {
  const about = { conn: 'c1', clockMs: desk.now, planRevision: 0, outboxDepth: 0 };
  return desk.take({ kind: 'beat', site: lisbon, beat: { kind: 'beat', ...about } });
};

test('at target: what the phone showed, against the newest approved rollout; unknown is its own answer', (t) => {
  const said = (desk: Desk, at = desk.now) => {
    const { verdict: word, evidence } = verdict(desk, 1, 'firmware-at-target', at);
    return `${word}: ${evidence}`;
  };
  const desk = smallFleet(1);
  t.equal(said(desk), 'unknown: No rollout has set a target for this phone');
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  t.equal(
    said(desk),
    'unknown: No rollout has set a target for this phone',
    'one that nobody approved sets none',
  );
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  t.equal(said(desk), 'fail: Runs 66.85.0.5, target 66.86.0.15');
  desk.ended(lisbon, 1, 'done');
  t.equal(
    said(desk),
    'fail: Runs 66.85.0.5, target 66.86.0.15',
    'an agent’s word is no evidence of the version',
  );
  desk.seen(lisbon, 1, '66.86.0.15');
  t.equal(said(desk), 'pass: Runs 66.86.0.15, target 66.86.0.15');
  t.equal(said(desk, laterBy(desk.now, days(31))), 'unknown: Showed 66.86.0.15 too long ago');
  desk.seen(lisbon, 1, 'own build');
  t.equal(said(desk), 'unknown: Runs own build, target 66.86.0.15: cannot be ordered');
  const unseen = began(smallFleet(1).do({ kind: 'phones-put', phones: [phoneOf(2)] }));
  t.equal(verdict(unseen, 2, 'firmware-at-target').evidence, 'The phone has never shown a version');
  t.end();
});

const advisory = (own: object) => {
  const parsed = parseAdvisory({
    id: 'YSA-1',
    vendor: 'Yealink',
    models: ['T46S'],
    affected: { below: '66.86.0.10' },
    severity: 'high',
    source: 'https://example.test/ysa-1',
    title: 'An example',
    ...own,
  });
  if (!parsed.advisory) throw new Error(JSON.stringify(parsed.problems));
  return { kind: 'advisory-put', advisory: parsed.advisory } as const;
};

test('not vulnerable: fails for one that applies, and never passes where nobody has looked', (t) => {
  const said = (desk: Desk) => verdict(desk, 1, 'firmware-not-vulnerable').verdict;
  const desk = smallFleet(1);
  t.equal(said(desk), 'unknown', 'no advisory of this vendor is known');
  desk.do(advisory({}));
  t.match(verdict(desk, 1, 'firmware-not-vulnerable'), {
    verdict: 'fail',
    evidence: 'Runs 66.85.0.5: YSA-1',
  });
  desk.seen(lisbon, 1, '66.86.0.15');
  t.equal(said(desk), 'pass');
  desk.do(advisory({ id: 'YSA-2', affected: { below: 'R-7' } }));
  t.equal(said(desk), 'unknown', 'one that cannot be placed');
  t.end();
});

const credential = (number: number, generation: number, fingerprint: string) =>
  ({
    kind: 'credential-moved',
    mac: macOf(number),
    generation,
    fingerprint: fingerprint.repeat(32),
  }) as const;

test('credential: proven by the phone, its own, and younger than the site demands', (t) => {
  const desk = smallFleet(2).do({
    kind: 'site-put',
    site: siteOf('lisbon', { credentialDaysMax: 30 }),
  });
  const said = (number: number, at = desk.now) =>
    verdict(desk, number, 'credential-unique-and-fresh', at).verdict;
  t.equal(said(1), 'unknown', 'none');
  const at = desk.now;
  desk.hears(lisbon, { ...credential(1, 1, 'a'), at, state: 'published' });
  t.equal(said(1), 'unknown', 'served is not proven');
  desk.hears(lisbon, { ...credential(1, 1, 'a'), at, state: 'proven' });
  t.equal(said(1), 'pass');
  t.equal(said(1, laterBy(at, days(30))), 'pass', 'on its last day');
  t.equal(said(1, laterBy(at, days(31))), 'fail', 'too old');
  desk.hears(lisbon, { ...credential(2, 1, 'a'), at, state: 'proven' });
  t.same([said(1), said(2)], ['fail', 'fail'], 'the same secret on two phones');
  t.notMatch(
    JSON.stringify(desk.tables.phones.get(macOf(1))),
    /sealed|secret/,
    'no secret is kept here',
  );
  t.end();
});

test('seen within 24 hours counts from the last request', (t) => {
  const desk = smallFleet(1).do({ kind: 'phones-put', phones: [phoneOf(2)] });
  const said = (number: number, at = desk.now) => verdict(desk, number, 'seen-within-24-h', at);
  t.match(said(1), { verdict: 'pass', ageMs: 0, at: desk.now });
  t.match(said(1, laterBy(desk.now, hours(24))), { verdict: 'pass', ageMs: 86_400_000 });
  t.match(said(1, laterBy(desk.now, hours(25))), { verdict: 'fail' });
  t.match(said(2), { verdict: 'unknown', at: null, ageMs: null });
  const [phone] = desk.tables.phones.values();
  const ahead = (heardBy: EpochMs) => {
    const view = complianceView(desk.tables, laterBy(desk.now, hours(72)), heardBy);
    return phone && verdictsOf(view, phone).find(({ rule }) => rule === 'seen-within-24-h');
  };
  t.match(ahead(desk.now), { verdict: 'pass', ageMs: 0 }, 'a time ahead is no silence');
  t.match(ahead(laterBy(desk.now, hours(25))), { verdict: 'fail' }, 'but one that is stays one');
  t.end();
});

test('totals count each rule by site; CSV is quoted, and no cell is a formula', (t) => {
  const desk = smallFleet(3);
  const view = complianceView(desk.tables, desk.now);
  const verdicts = [...desk.tables.phones.values()].flatMap((phone) => verdictsOf(view, phone));
  t.match(totalsBySite(verdicts), [
    {
      site: 'lisbon',
      phones: 3,
      rules: {
        'seen-within-24-h': { pass: 3, fail: 0, unknown: 0 },
        'firmware-at-target': { pass: 0, fail: 0, unknown: 3 },
      },
    },
  ]);
  const rule: Rule = 'seen-within-24-h';
  const hostile = {
    mac: '=cmd()',
    site: 'a,b',
    rule,
    verdict: 'pass',
    evidence: 'say "hi"\n',
    at: after(0),
    ageMs: 5,
  } as const;
  t.equal(
    csvOf([hostile, { ...hostile, mac: '-1', site: '@x', evidence: '', at: null, ageMs: null }]),
    [
      'mac,site,rule,verdict,evidence,at,ageMs',
      '\'=cmd(),"a,b",seen-within-24-h,pass,"say ""hi""\n",2026-03-02T01:00:00.000Z,5',
      "'-1,'@x,seen-within-24-h,pass,,,",
      '',
    ].join('\r\n'),
  );
  t.end();
});

test('every phone says why it waits, for what, and when it is tried next', (t) => {
  const desk = smallFleet(4);
  const waves = [{ name: 'canary', count: 1 }, { name: 'rest' }];
  desk.do({ kind: 'rollout-create', input: rolloutOf({ waves, startAt: after(30) }) });
  const inWave = (wave: number) =>
    [...desk.tables.progress.values()].find((it) => it.wave === wave)?.mac ?? macOf(1);
  const why = (wave: number) => {
    const rollout = desk.tables.rollouts.get('autumn');
    const progress = desk.tables.progress.get(`autumn/${inWave(wave)}`);
    return rollout && progress && explain(desk.tables, rollout, progress, desk.now);
  };
  const says = (wave: number, waitingFor: string, reason: RegExp, nextAttemptAt: number | null) => {
    t.match(why(wave), { waitingFor, reason, attempt: 1, attemptsMax: 3 });
    t.equal(why(wave)?.nextAttemptAt, nextAttemptAt, `${waitingFor}: when`);
  };
  says(0, 'person', /waits for approval/, null);
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  says(0, 'wave', /has not begun/, after(30));
  desk.wait(30);
  says(0, 'agent', /not connected; last word at 2026-03-02 01:00 UTC/, after(30));
  says(1, 'wave', /^Wave rest opens when canary has passed its gate$/, after(90));
  beats(desk);
  says(0, 'plan', /Plan \d+ is on its way/, after(30));
  const waiting = {
    reason: 'In a call',
    waitingFor: 'call' as const,
    nextAttemptAt: after(33),
    attempt: 1,
    attemptsMax: 3,
  };
  const about = { rollout: 'autumn', revision: 1, attempt: 1, at: desk.now };
  desk.hears(lisbon, { kind: 'phone-moved', mac: inWave(0), phase: 'held', waiting, ...about });
  says(0, 'call', /^In a call$/, after(33));
  t.equal(agentSilentAfter, minutes(7.5));
  desk.wait(10);
  says(
    0,
    'call',
    /^In a call \(last word of the site's agent at 2026-03-02 01:30 UTC\)$/,
    after(40),
  );
  desk.do({ kind: 'rollout-pause', rollout: autumn, reason: 'audit day' });
  says(1, 'person', /Paused by person: audit day/, null);
  t.end();
});

test('the next time of a phone is in an opening that it can use, and not before the one asked for', (t) => {
  const desk = smallFleet(2);
  const eleven = Date.parse('2026-03-04T11:00Z') as EpochMs;
  desk.do({ kind: 'rollout-create', input: rolloutOf({ startAt: eleven }) });
  desk.do({ kind: 'rollout-approve', rollout: autumn });
  const next = (at: EpochMs) => {
    const phone = desk.tables.phones.get(macOf(1));
    const said = phone && explainPhone(desk.tables, phone, at, desk.now)[0];
    return said && { reason: said.reason, next: new Date(said.nextAttemptAt ?? 0).toISOString() };
  };
  const reason = 'The rollout has not begun';
  t.same(next(desk.now), { reason, next: '2026-03-05T01:00:00.000Z' });
  desk.take({ kind: 'woke' }, eleven);
  beats(desk);
  const tooLate = Date.parse('2026-03-05T02:50Z') as EpochMs;
  t.match(next(tooLate), { next: '2026-03-06T01:00:00.000Z' }, 'ten minutes are not enough');
  const nextAttemptAt = Date.parse('2026-03-05T01:00Z');
  const waits = {
    reason: 'Outside the reboot window',
    waitingFor: 'opening',
    nextAttemptAt,
  } as const;
  desk.hears(lisbon, {
    kind: 'phone-moved',
    mac: macOf(1),
    phase: 'staged',
    waiting: { ...waits, attempt: 1, attemptsMax: 3 },
    rollout: 'autumn',
    revision: 1,
    attempt: 1,
    at: desk.now,
  });
  t.match(next(desk.now), { reason: waits.reason, next: '2026-03-05T01:00:00.000Z' });
  t.same(next(Date.parse('2026-03-07T11:00Z') as EpochMs), {
    reason:
      'Outside the reboot window (said for the time until 2026-03-05 01:00 UTC; what comes then is not known yet)',
    next: '2026-03-08T01:00:00.000Z',
  });
  t.end();
});

test('of a time ahead nobody says that an agent will be away, only of one that is', (t) => {
  const desk = began(smallFleet(1));
  const phone = desk.tables.phones.get(macOf(1));
  beats(desk);
  const says = (heardBy: EpochMs) =>
    phone && explainPhone(desk.tables, phone, after(8 * 24 * 60 + 300), heardBy)[0];
  t.match(
    says(desk.now)?.because[2],
    /^Site lisbon: agent connected; next opening 2026-03-11 01:00 UTC/,
  );
  t.not(says(desk.now)?.waitingFor, 'agent');
  t.match(says(after(30))?.because[2], /^Site lisbon: agent away, last word at/);
  t.end();
});

test('a phone whose part has ended names its fault and the advice, and waits for nothing', (t) => {
  const desk = began(smallFleet(1));
  const failed = {
    kind: 'phone-moved',
    phase: 'failed',
    fault: 'download-stalled',
    detail: 'stopped at 3 MB',
  } as const;
  desk.hears(lisbon, {
    ...failed,
    mac: macOf(1),
    rollout: 'autumn',
    revision: 1,
    attempt: 2,
    at: desk.now,
  });
  const phone = desk.tables.phones.get(macOf(1));
  const [told] = phone ? explainPhone(desk.tables, phone, desk.now) : [];
  t.match(told, {
    phase: 'failed',
    reason: 'stopped at 3 MB',
    fault: 'download-stalled',
    advice: 'Check the switch port and cabling of this phone.',
  });
  t.notOk(told?.waitingFor);
  t.end();
});
