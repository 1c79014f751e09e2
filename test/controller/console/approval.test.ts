import type { RolloutView } from '@ringwave/protocol/views';
import type { Page } from 'playwright-core';
import { test } from 'tap';
import {
  type House,
  loggedIn,
  misfits,
  openBrowser,
  picture,
  settle,
  violations,
} from './browser-house.ts';

// Four eyes in the console: who proposed, who acts, and what an approval without a second person leaves behind.

const waves = [{ name: 'canary', sites: ['lisbon'] as never }, { name: 'rest' }];

async function actAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^You act as/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Act as this person' }).click();
}

const rolloutIn = (house: House, id: string) => house.get<RolloutView>(`/api/v1/rollouts/${id}`);
const fact = (page: Page, name: string) =>
  page.locator('.rollout .facts > div').filter({ hasText: name }).locator('dd');

test('approving in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  house.fleet.propose('autumn', waves, {}, 'ada');
  const page = await loggedIn(context, house);
  const dialog = page.getByRole('dialog');

  await t.test('a proposal names who proposed it and for whom it waits', async (t) => {
    await page.getByRole('heading', { name: 'The autumn update' }).waitFor();
    t.match(await page.innerText('.sentence'), /^Waits for another person than ada, 2 waves/);
    t.match(await fact(page, 'Proposed').innerText(), /^by ada, \d\d:\d\d UTC/);
    t.equal(await fact(page, 'Approval').innerText(), 'waits for another person than ada');
    const { contentHash } = await rolloutIn(house, 'autumn');
    t.equal(await fact(page, 'Content').innerText(), contentHash.slice(0, 12));
    await picture(page, 'approval-waits');
  });

  await t.test('a name that is none is refused, and nothing has changed', async (t) => {
    await actAs(page, 'ada & co');
    t.match(await dialog.getByRole('alert').innerText(), /is no name of 1 to 64 letters/);
    t.strictSame(await violations(page), []);
    await picture(page, 'approval-name');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'You act as ana' }).waitFor();
  });

  await t.test('whoever proposed it is told to fetch another person', async (t) => {
    await actAs(page, 'ada');
    await page.getByRole('button', { name: 'You act as ada' }).waitFor();
    await page.getByRole('button', { name: 'Approve …' }).click();
    t.match(await dialog.innerText(), /You act as ada, who proposed or changed it\./);
    const break_ = dialog.getByRole('button', { name: 'Break the glass and approve' });
    t.equal(await break_.isDisabled(), true, 'without a reason there is no breaking of glass');
    t.strictSame(await violations(page), []);
    await picture(page, 'approval-own');
    await page.keyboard.press('Escape');
    t.equal((await rolloutIn(house, 'autumn')).state, 'awaiting-approval');
  });

  await t.test('another person approves what was shown, with a remark', async (t) => {
    await actAs(page, 'grace');
    await page.getByRole('button', { name: 'Approve …' }).click();
    t.match(
      await dialog.innerText(),
      /6 phones at 3 sites are to run Yealink[^]*You approve content [0-9a-f]{12} and no other/,
    );
    await dialog.getByRole('textbox').fill('seen in the lab');
    await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('button', { name: 'Pause …' }).waitFor();
    t.match(await rolloutIn(house, 'autumn'), { approvedBy: 'grace', state: 'running' });
    t.equal(await fact(page, 'Approval').innerText(), 'by grace: seen in the lab');
  });

  await t.test('who paused it is named', async (t) => {
    await page.getByRole('button', { name: 'Pause …' }).click();
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume …' }).waitFor();
    t.match(await page.innerText('.rollout .note'), /Paused by grace: no reason given by grace/);
    await page.reload();
    await page.getByRole('button', { name: 'You act as grace' }).waitFor();
  });

  await t.test('breaking the glass leaves the name and the reason on the rollout', async (t) => {
    house.fleet.propose('winter', [{ name: 'all' }], {}, 'grace');
    await page.locator('.picker select').selectOption('winter');
    await page.getByRole('button', { name: 'Approve …' }).click();
    await dialog.getByRole('textbox').fill('phones dial nowhere, nobody else is awake');
    await dialog.getByRole('button', { name: 'Break the glass and approve' }).click();
    await page.getByText('by grace alone, who broke the glass').waitFor();
    t.match(await rolloutIn(house, 'winter'), {
      approvedBy: 'grace',
      brokeGlass: 'phones dial nowhere, nobody else is awake',
    });
    t.strictSame(await violations(page), []);
    await picture(page, 'approval-broke');
  });

  await t.test('a denial needs its reason and is final', async (t) => {
    house.fleet.propose('spring', [{ name: 'all' }], {}, 'ada');
    await page.locator('.picker select').selectOption('spring');
    await page.getByRole('button', { name: 'Deny …' }).click();
    const deny = dialog.getByRole('button', { name: 'Deny', exact: true });
    t.equal(await deny.isDisabled(), true);
    await dialog.getByRole('textbox').fill('not before the move');
    await deny.click();
    await page.getByText('denied by grace: not before the move').waitFor();
    t.equal(await page.locator('.rollout .actions button').count(), 0);
    t.match(await page.innerText('.sentence'), /^Denied by grace: /);
  });

  await t.test('a rollout that is removed before its start is gone without a reload', async (t) => {
    house.fleet.propose('summer', [{ name: 'all' }], {}, 'ada');
    await page.locator('.picker select').selectOption('summer');
    await page.getByRole('button', { name: 'Remove …' }).click();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page
      .getByRole('heading', { name: 'The summer update', exact: true })
      .waitFor({ state: 'detached' });
    t.equal(await page.locator('.picker option', { hasText: 'summer' }).count(), 0);
  });

  await t.test('it all fits on small screens', async (t) => {
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    t.strictSame(await violations(page), [], 'dark');
  });

  await t.test('a log-in of one person acts in no other name', async (t) => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'You are not logged in' }).waitFor();
    const own = await loggedIn(context, house, { isOwn: true });
    await own.getByText('You act as ana').waitFor();
    t.equal(await own.getByRole('button', { name: /You act as/ }).count(), 0);
    const headers = { 'ringwave-as': 'grace' };
    const told = await own.evaluate(
      (sent) =>
        fetch('/api/v1/me', { headers: sent }).then(async (answer) => [
          answer.status,
          await answer.text(),
        ]),
      headers,
    );
    t.equal(told[0], 403);
    t.match(told[1], /names grace, but this log-in is the one of ana/);
  });

  t.strictSame(faults, []);
});
