import type { Id } from '@ringwave/protocol/units';
import { test } from 'tap';
import { loggedIn, misfits, openBrowser, picture, violations } from './browser-house.ts';
import { macOf, newVersion } from './seeded-fleet.ts';

// The console before a large fleet with long names: it draws a part, says what is left, and nothing is cut off.

const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk';

test('a large fleet with long names', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  const { fleet } = house;
  fleet.site('lisbon', 'Europe/Lisbon', `${long} and the houses beside the ${long}`);
  fleet.agent('lisbon');
  // An agent's plan holds 2,000 phones: five sites.
  for (let site = 0; site < 5; site += 1) {
    if (site > 0) fleet.site(`branch-${site}`, 'Europe/Lisbon');
    for (let from = 0; from < 2000; from += 1000) {
      fleet.command({
        kind: 'phones-put',
        phones: Array.from({ length: 1000 }, (_, place) => ({
          mac: macOf(site * 2000 + from + place),
          site: (site > 0 ? `branch-${site}` : 'lisbon') as Id,
          vendor: 'Yealink',
          model: 'T46S',
          emergency: false,
        })),
      });
    }
  }
  const waves = [
    { name: `${long}-first`, count: 100 },
    { name: 'rest', sites: ['lisbon' as Id] },
    { name: 'others' },
  ];
  fleet.rollout('many', waves, {
    name: `The update of ${long}${long}`.slice(0, 120),
    confirmPhones: 10_000,
  });
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: /^The update of/ }).waitFor();

  await t.test('it draws a part of the list and says how many are left', async (t) => {
    t.equal(await page.locator('tr[data-mac]').count(), 200);
    await page.getByRole('button', { name: 'Show 200 more of 4800' }).click();
    await page.locator('tr[data-mac]').nth(399).waitFor();
    t.match(await page.innerText('main'), /5,000 phones of the fleet are not listed here/);
  });

  await t.test('a selection reaches also those that are not listed', async (t) => {
    const where = page.getByRole('textbox', { name: 'Where' });
    await where.fill('site = branch-4');
    await where.press('Enter');
    await page.getByText('Matches 2,000 phones: 2,000 at Branch-4').waitFor();
    await page.getByText('0 of 5,000 phones', { exact: true }).waitFor();
    t.equal(await page.locator('tr[data-mac]').count(), 0);
    await where.fill('');
    await where.press('Enter');
    await page.getByText('5,000 phones', { exact: true }).waitFor();
  });

  await t.test('one of them that moves is seen to move', async (t) => {
    fleet.seen(0, newVersion);
    fleet.moved(0, 'many', { phase: 'failed', fault: 'phone-came-back-old' });
    await page.locator(`tr[data-mac="${macOf(0)}"][data-phase=failed]`).waitFor();
    t.equal(await page.locator('tr[data-mac]').first().getAttribute('data-mac'), macOf(0));
  });

  await t.test('long names are neither cut off nor push the page aside', async (t) => {
    await picture(page, 'many-phones', { fullPage: false });
    for (const width of [320, 390, 1280]) t.strictSame(await misfits(page, width), []);
    // A row is like the others: axe looks at one of them.
    await page.getByRole('searchbox', { name: 'Find' }).fill(macOf(0));
    await page.getByText('1 of 5,000 phones', { exact: true }).waitFor();
    t.strictSame(await violations(page), []);
    await page.getByRole('link', { name: new RegExp(`^${long}`) }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('heading', { name: 'Next openings' }).waitFor();
    for (const width of [320, 390, 1280]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'many-site', { fullPage: false });
  });

  t.strictSame(faults, []);
});
