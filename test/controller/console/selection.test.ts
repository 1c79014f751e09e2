import type { RolloutView } from '@ringwave/protocol/views';
import type { Page } from 'playwright-core';
import { test } from 'tap';
import { pointedAt } from '../../../controller/console/src/selection-asked.ts';
import {
  loggedIn,
  misfits,
  openBrowser,
  picture,
  settle,
  violations,
  words,
} from './browser-house.ts';
import { macOf } from './seeded-fleet.ts';

// The selection language in the console: mistakes with their column, what matches where, and a rollout from it.

test('a mistake is pointed at, also in a text longer than the line', (t) => {
  t.equal(pointedAt('modle = T46S', 1), 'modle = T46S\n^');
  t.strictSame(
    pointedAt('model = T46S and running < 66.86.0.15 and sitte = lisbon', 43).split('\n'),
    ['…  66.86.0.15 and sitte = lisbon', '                  ^'],
  );
  t.equal(pointedAt('model =', 8), 'model =\n       ^', 'also behind its end');
  t.end();
});

async function select(page: Page, where: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Where' });
  await box.fill(where);
  await box.press('Enter');
}

test('selections in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  const { fleet } = house;
  fleet.rollout('autumn', [{ name: 'all' }]);
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: 'The autumn update' }).waitFor();
  const dialog = page.getByRole('dialog');

  await t.test('each mistake is told, and the first one marked in the text', async (t) => {
    await select(page, 'model = T46S and sitte = lisbon');
    await page.getByText('"sitte" is no field').waitFor();
    t.match(await words(page, '#where-problem p'), [
      /^column 18: "sitte" is no field\. Expected: site/,
    ]);
    t.equal(
      (await page.locator('.pointed').innerText()).trimEnd(),
      '… odel = T46S and sitte = lisbon\n                  ^',
    );
    t.strictSame(await violations(page), []);
    await picture(page, 'selection-mistake');
  });

  await t.test('what matches is counted, in all and by site', async (t) => {
    await select(page, `site in (lisbon, berlin) and not mac = ${macOf(3)}`);
    await page.getByText('Matches 3 phones').waitFor();
    t.strictSame(await words(page, '#where-problem'), [
      'Matches 3 phones: 2 at Lisbon, 1 at Berlin',
    ]);
    t.equal(await page.locator('.pointed').count(), 0);
    t.equal(await page.locator('tr[data-mac]').count(), 3);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'selection-found');
  });

  await t.test('a selection becomes a proposal for another person to approve', async (t) => {
    await page.getByRole('button', { name: 'Propose a rollout to 3 phones …' }).click();
    t.equal(await dialog.getByRole('button', { name: 'Propose' }).isDisabled(), true);
    await dialog.getByLabel('Name').fill('Winter, the first!');
    await dialog.getByLabel(/Yealink 66\.86\.0\.15/).check();
    await dialog.getByText('Matches 3 phones at 2 sites').waitFor();
    t.strictSame(await violations(page), []);
    await picture(page, 'selection-propose');
    await dialog.getByRole('button', { name: 'Propose' }).click();
    await page.getByRole('heading', { name: 'Winter, the first!' }).waitFor();
    t.match(await house.get<RolloutView>('/api/v1/rollouts/winter-the-first'), {
      state: 'awaiting-approval',
      createdBy: 'ana',
    });
  });

  await t.test('very many phones are confirmed by their number', async (t) => {
    const more = Array.from({ length: 100 }, (_, place) => ({
      mac: macOf(100 + place),
      site: 'kathmandu' as never,
      vendor: 'Yealink',
      model: 'T46S',
      emergency: false,
    }));
    fleet.command({ kind: 'phones-put', phones: more });
    await select(page, 'all');
    await page.getByRole('button', { name: 'Propose a rollout to 106 phones …' }).click();
    await dialog.getByLabel('Name').fill('Everyone');
    await dialog.getByLabel(/Yealink 66\.86\.0\.15/).check();
    const confirm = dialog.getByLabel(/^These are very many\. Type 106 to confirm/);
    await confirm.waitFor();
    const propose = dialog.getByRole('button', { name: 'Propose' });
    t.equal(await propose.isDisabled(), true);
    await confirm.fill('105');
    t.equal(await propose.isDisabled(), true, 'another number confirms nothing');
    await confirm.fill('106');
    t.strictSame(await violations(page), []);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'selection-confirm');
    await propose.click();
    await page.getByRole('heading', { name: 'Everyone' }).waitFor();
    const { waves } = await house.get<RolloutView>('/api/v1/rollouts/everyone');
    t.equal(
      waves.reduce((sum, wave) => sum + wave.total, 0),
      106,
    );
  });

  t.strictSame(faults, []);
});
