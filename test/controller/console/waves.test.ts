import type { RolloutInput } from '@ringwave/controller/core/state';
import { type EpochMs, hours, laterBy, ms } from '@ringwave/protocol/units';
import type { RolloutView } from '@ringwave/protocol/views';
import type { Page } from 'playwright-core';
import { test } from 'tap';
import {
  type House,
  loggedIn,
  misfits,
  openBrowser,
  picture,
  row,
  settle,
  violations,
  words,
} from './browser-house.ts';
import { newVersion, oldVersion } from './seeded-fleet.ts';

// Waves in the console: their gates in plain words, what stops them, and what a person does about it.

const gate = { successMin: 0.9, failuresMax: 1, minSample: 2, soak: ms(0) };
const twoWaves = [{ name: 'canary', sites: ['lisbon'] as never }, { name: 'rest' }];

const choose = async (page: Page, rollout: string, heading: string) => {
  await page.goto(`${page.url().split('#')[0]}#/?rollout=${rollout}`);
  await page.getByRole('heading', { name: heading }).waitFor();
};
const wave = (page: Page, name: string) => page.locator(`.wave[data-wave=${name}]`);
/** A gate as it is read: each part with how it stands. */
const gateOf = async (page: Page, name: string) =>
  words(page, `.wave[data-wave=${name}] .gate > div`);
const rolloutIn = (house: House, id: string) => house.get<RolloutView>(`/api/v1/rollouts/${id}`);

/** Waits until the first wave of the dialog takes so many phones. */
const taken = (page: Page, phones: number) =>
  page
    .locator('.wave-takes')
    .first()
    .filter({ hasText: new RegExp(`^${phones} phones?$`) })
    .waitFor();

/** One rollout after another: each has all phones, so the one before is ended. */
function begin(
  { fleet }: House,
  name: string,
  part: Partial<RolloutInput>,
  waves = twoWaves,
): void {
  for (let number = 1; number <= 6; number += 1) fleet.seen(number, oldVersion);
  fleet.rollout(name, waves, { gate, ...part });
}
const end = ({ fleet }: House, name: string) =>
  fleet.command({ kind: 'rollout-abort', rollout: name as never, reason: 'next story' });

test('waves in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  const page = await loggedIn(context, house);
  const dialog = page.getByRole('dialog');

  await t.test('an open wave tells each part of its gate and how it stands', async (t) => {
    begin(house, 'gates', { gate: { ...gate, failedPartMax: 0.1, doneMin: 2, soak: hours(1) } });
    await choose(page, 'gates', 'The gates update');
    t.strictSame(await gateOf(page, 'canary'), [
      'Failures (met) 0; more than 1 halt the wave',
      'Failed part (met) 0 % of results; more than 10 % halt the wave',
      'Results (not met yet) 0 of at least 2; fewer let nothing pass',
      'Done (not met yet) no result yet; needs 90 %',
      'Phones done (not met yet) 0; needs 2',
      'Soak (comes later) 1 h, once the results are right',
    ]);
    house.fleet.seen(1, newVersion);
    house.fleet.moved(1, 'gates', { phase: 'done' });
    await wave(page, 'canary').getByText('1 of 2 done').waitFor();
    t.match((await gateOf(page, 'canary'))[2], /^Results \(not met yet\) 1 of at least 2/);
    house.fleet.seen(2, newVersion);
    house.fleet.moved(2, 'gates', { phase: 'done' });
    await page.locator('.wave[data-wave=canary][data-state=soaking]').waitFor();
    t.match(
      (await gateOf(page, 'canary')).at(-1),
      /^Soak \(not met yet\) until .+ \(in \d+ min\): 1 h$/,
    );
    t.strictSame(await violations(page), []);
    await picture(page, 'waves-soaking');
    end(house, 'gates');
  });

  await t.test('a soak in hours of work says whose hours they are', async (t) => {
    begin(house, 'office', {
      gate: { ...gate, minSample: 1, soak: hours(8), soakIn: 'business-hours' },
    });
    await choose(page, 'office', 'The office update');
    t.match(
      (await gateOf(page, 'canary')).at(-1),
      /8 h of working time \(Monday to Friday, nine to five, by the clock of each site\), once/,
    );
    end(house, 'office');
  });

  await t.test('a wave that is halted says why, and resuming releases it by name', async (t) => {
    begin(house, 'halts', { gate: { ...gate, failuresMax: 0, minSample: 1 } });
    await choose(page, 'halts', 'The halts update');
    house.fleet.moved(1, 'halts', { phase: 'failed', fault: 'phone-came-back-old' });
    await page.locator('.wave[data-wave=canary][data-state=halted]').waitFor();
    const note = wave(page, 'canary').locator('.note');
    t.match(await note.innerText(), /^Halted: 1 phones failed, at most 0 may/);
    t.match((await gateOf(page, 'canary'))[0], /^Failures \(broken\) 1; one halts the wave$/);
    t.match(await page.innerText('.sentence'), /^Paused by the gate of wave canary: /);
    t.strictSame(await violations(page), []);
    await picture(page, 'waves-halted');
    await note.getByRole('button', { name: 'Resume …' }).click();
    t.match(
      await dialog.innerText(),
      /You release it in your name, and wave rest opens with 4 phones/,
    );
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.locator('.wave[data-wave=canary][data-state=passed]').waitFor();
    t.equal((await rolloutIn(house, 'halts')).waves[0]?.why, 'Released by ana');
    end(house, 'halts');
  });

  await t.test('a wave that asks a person has the answer beside the question', async (t) => {
    const askedFirst = [{ ...twoWaves[0], gate: { askPerson: true, minSample: 1 } }, twoWaves[1]];
    begin(house, 'asks', {}, askedFirst as never);
    await choose(page, 'asks', 'The asks update');
    t.equal(
      (await gateOf(page, 'canary')).at(-1),
      'Person (comes later) asked last: somebody lets the next wave open',
    );
    house.fleet.seen(2, newVersion);
    house.fleet.moved(2, 'asks', { phase: 'done' });
    const note = wave(page, 'canary').locator('.note');
    t.match(await note.innerText(), /^Held: Gate met; a person lets the next wave open\n/);
    await picture(page, 'waves-asks');
    await note.getByRole('button', { name: 'Let pass …' }).click();
    t.match(
      await dialog.innerText(),
      /Wave canary passes in your name\s+wave rest opens with 4 phones/,
    );
    t.strictSame(await violations(page), []);
    await dialog.getByRole('button', { name: 'Let pass', exact: true }).click();
    await page.locator('.wave[data-wave=rest][data-state=open]').waitFor();
    t.equal((await rolloutIn(house, 'asks')).waves[0]?.why, 'Let pass by ana');
    end(house, 'asks');
  });

  await t.test('an outside check tells its last answer and when it is asked next', async (t) => {
    begin(house, 'checks', {
      gate: { ...gate, minSample: 1, askUrl: 'https://monitor.test/pass?key=x' },
    });
    await choose(page, 'checks', 'The checks update');
    house.fleet.seen(2, newVersion);
    house.fleet.moved(2, 'checks', { phase: 'done' });
    await wave(page, 'canary').getByText('1 of 3 times').waitFor();
    t.match(
      (await gateOf(page, 'canary')).at(-1),
      /^Check \(not met yet\) monitor\.test is asked; no clear answer 1 of 3 times, then a person is asked; asked again .+ \(in \d+ (min|s)\)$/,
    );
    t.match(
      await wave(page, 'canary').locator('.note').innerText(),
      /^Held: Its outside check gave no clear answer \(monitor\.test is not among the hosts/,
    );
    t.notMatch(
      await wave(page, 'canary').innerText(),
      /key=x/,
      'what the address carries is not shown',
    );
    await picture(page, 'waves-check');
    end(house, 'checks');
  });

  await t.test('a pace tells its rate, who has gone, and when the next ones go', async (t) => {
    const pace = { perMinute: 2, everyDone: 100, perMinuteMax: 8 };
    begin(house, 'paced', { pace }, [{ name: 'all', dynamic: true }] as never);
    await choose(page, 'paced', 'The paced update');
    t.match(
      await wave(page, 'all').innerText(),
      /Lets 2 phones a minute go \(began with 2 phones a minute, times 2 for each 100 done, 8 a minute at most\): 1 phone has gone, 5 wait; the next .+/,
    );
    t.match(await wave(page, 'all').innerText(), /Takes in phones that are stored meanwhile/);
    await page.getByRole('button', { name: 'Close to new phones …' }).click();
    await dialog.getByRole('button', { name: 'Close to new phones', exact: true }).click();
    await page
      .getByRole('button', { name: 'Close to new phones …' })
      .waitFor({ state: 'detached' });
    t.notMatch(await wave(page, 'all').innerText(), /Takes in phones/);
    await picture(page, 'waves-paced');
    end(house, 'paced');
  });

  await t.test(
    'before the start waves are put in another order, changed and taken out',
    async (t) => {
      house.fleet.propose('edits', [
        { name: 'canary', count: 1 },
        { name: 'tenth', percent: 50 },
        { name: 'rest' },
      ]);
      await choose(page, 'edits', 'The edits update');
      await page.getByRole('button', { name: 'Change waves …' }).click();
      const takes = () => words(page, '.wave-takes');
      await taken(page, 1);
      t.strictSame(await takes(), ['1 phone', '3 phones', '2 phones']);
      t.strictSame(await violations(page), []);
      await picture(page, 'waves-edit');
      await dialog.getByRole('button', { name: 'Move tenth up' }).press('Enter');
      // The focus goes with the wave, once the page is drawn anew.
      await dialog
        .getByRole('button', { name: 'Move tenth down' })
        .and(page.locator(':focus'))
        .waitFor();
      await dialog.getByRole('button', { name: 'Take canary out' }).click();
      await taken(page, 3);
      t.strictSame(await takes(), ['3 phones', '3 phones']);
      await dialog.getByLabel('How many tenth takes').fill('20');
      await taken(page, 2);
      t.match(await dialog.innerText(), /Matches 6 phones at 3 sites/);
      for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
      await dialog.getByRole('button', { name: 'Save waves' }).click();
      await dialog.waitFor({ state: 'detached' });
      await wave(page, 'canary').waitFor({ state: 'detached' });
      const { waves, editedBy } = await rolloutIn(house, 'edits');
      t.strictSame(
        waves.map(({ name, total }) => `${name} ${total}`),
        ['tenth 2', 'rest 4'],
      );
      t.equal(editedBy, 'ana');
      t.match(await page.innerText('.sentence'), /^Waits for another person than op or ana/);
    },
  );

  await t.test('waves that leave phones out cannot be saved, and say which', async (t) => {
    await page.getByRole('button', { name: 'Change waves …' }).click();
    await dialog.getByRole('button', { name: 'Take rest out' }).click();
    await dialog.getByRole('alert').waitFor();
    t.match(await dialog.getByRole('alert').innerText(), /leave out 4 phones/);
    t.equal(await dialog.getByRole('button', { name: 'Save waves' }).isDisabled(), true);
    await page.keyboard.press('Escape');
    t.equal((await rolloutIn(house, 'edits')).waves.length, 2);
    await row(page, 1).waitFor();
  });

  await t.test('waves that somebody else has changed meanwhile are not overwritten', async (t) => {
    await page.getByRole('button', { name: 'Change waves …' }).click();
    await taken(page, 2);
    house.fleet.edit('edits', [{ name: 'all' }]);
    await dialog.getByLabel('How many tenth takes').fill('50');
    await taken(page, 3);
    await dialog.getByRole('button', { name: 'Save waves' }).click();
    const alert = dialog.getByRole('alert');
    await alert.waitFor();
    t.match(
      await alert.innerText(),
      /^rollout edits has changed since it was read: it is what op said\./,
    );
    await picture(page, 'waves-conflict', { fullPage: false });
    t.strictSame(await violations(page), []);
    await page.keyboard.press('Escape');
    const { waves } = await rolloutIn(house, 'edits');
    t.strictSame(
      waves.map(({ name }) => name),
      ['all'],
    );
  });

  await t.test('waves that were approved say that a change waits for approval anew', async (t) => {
    house.fleet.propose('later', [{ name: 'all' }], {
      startAt: laterBy(Date.now() as EpochMs, hours(9)),
    });
    house.fleet.command({ kind: 'rollout-approve', rollout: 'later' as never });
    await choose(page, 'later', 'The later update');
    await page.getByRole('button', { name: 'Change waves …' }).click();
    await taken(page, 6);
    t.match(
      await dialog.innerText(),
      /second has approved it as it stands; a change waits for approval anew/,
    );
    await picture(page, 'waves-approved', { fullPage: false });
    await page.keyboard.press('Escape');
  });

  t.strictSame(faults, []);
});
