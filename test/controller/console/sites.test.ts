import type { Id } from '@ringwave/protocol/units';
import type { SiteView } from '@ringwave/protocol/views';
import type { Page } from 'playwright-core';
import { test } from 'tap';
import {
  loggedIn,
  misfits,
  openBrowser,
  picture,
  settle,
  violations,
  words,
} from './browser-house.ts';

// Sites in the console: what keeps them still, when they open next, and troubles of a whole site.

const tile = (page: Page, site: string) => page.locator(`.site[data-site=${site}]`);

test('sites in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  const { fleet } = house;
  fleet.phones('lisbon', { from: 7, to: 9 });
  fleet.rollout('autumn', [{ name: 'all' }]);
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: 'The autumn update' }).waitFor();
  const drawer = page.getByRole('dialog').first();

  await t.test(
    'a site has an address of its own, with its openings and the next change of clocks',
    async (t) => {
      await tile(page, 'lisbon').getByRole('link', { name: 'Lisbon' }).press('Enter');
      await drawer.getByRole('heading', { name: 'Next openings' }).waitFor();
      t.match(new URL(page.url()).hash, /^#\/site\/lisbon/);
      const openings = await words(page, '.openings li');
      t.match(openings[0], /^00:00 to 23:59 UTC, open now$/);
      t.equal(openings.length, 11);
      t.match(
        openings[10],
        /clocks go 60 minutes (forward|back) in it, so it is \d+ h \d+ min long$/,
      );
      t.match(
        await drawer.innerText(),
        /Nothing keeps its phones from being started\.[^]*None known\./,
      );
      t.strictSame(await violations(page), []);
      await picture(page, 'sites-drawer');
    },
  );

  await t.test('a freeze from here is shown on its tile, and lifted', async (t) => {
    await drawer.getByRole('button', { name: 'Freeze …' }).click();
    const form = page.getByRole('dialog', { name: 'Freeze Lisbon?' });
    t.equal(await form.getByRole('button', { name: 'Freeze', exact: true }).isDisabled(), true);
    await form.getByLabel(/^Reason/).fill('the board meets');
    await form.getByLabel(/^Until, in UTC/).fill('2030-01-01T08:00');
    t.strictSame(await violations(page), []);
    await picture(page, 'sites-freeze');
    await form.getByRole('button', { name: 'Freeze', exact: true }).click();
    await drawer.getByRole('button', { name: 'Lift the freeze …' }).waitFor();
    t.match((await house.get<SiteView>('/api/v1/sites/lisbon')).holds, [
      { hold: 'headquarters-freeze', until: Date.UTC(2030, 0, 1, 8) },
    ]);
    t.match(await words(page, '.drawer .note'), [
      /^A freeze from headquarters since .+: Frozen from headquarters by ana: the board meets\. Until Tue,? 1 Jan/,
    ]);
    await drawer.getByRole('button', { name: 'Lift the freeze …' }).click();
    const lift = page.getByRole('dialog', { name: 'Lift the freeze of Lisbon?' });
    await lift.getByRole('button', { name: 'Lift the freeze', exact: true }).click();
    await drawer.getByRole('button', { name: 'Freeze …' }).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    t.equal(await page.locator(':focus').innerText(), 'Lisbon', 'the focus returns to the site');
  });

  await t.test('rest that was planned ahead is told with who planned it', async (t) => {
    const freeze = {
      id: 'fair' as Id,
      from: '2030-03-03',
      until: '2030-03-05',
      reason: 'trade fair',
    };
    fleet.command({ kind: 'freeze-put', freeze }, 'ana');
    await tile(page, 'lisbon').getByRole('link', { name: 'Lisbon' }).click();
    await drawer.getByRole('heading', { name: 'Planned freezes' }).waitFor();
    t.match(
      await drawer.innerText(),
      /From Sun,? 3 Mar[^]* to [^]*Wed,? 6 Mar[^]*: trade fair \(fair, planned by ana\)/,
    );
    t.strictSame(await violations(page), []);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'sites-planned');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  });

  await t.test(
    'an emergency call at the site shows at once, and cannot be lifted here',
    async (t) => {
      fleet.report(3, {
        kind: 'site-held',
        hold: 'emergency-call',
        isOn: true,
        reason: 'Somebody dialled 112',
        until: Date.now() + 1_800_000,
      });
      await tile(page, 'berlin').getByText('Somebody dialled 112').waitFor();
      await tile(page, 'berlin').getByRole('link', { name: 'Berlin' }).click();
      await drawer.getByText('An emergency call').waitFor();
      t.match(await words(page, '.drawer .note'), [
        /^An emergency call since .+ Until .+ at least\.$/,
      ]);
      await page.keyboard.press('Escape');
    },
  );

  await t.test('a trouble of the whole site is told once, with its phones', async (t) => {
    for (const number of [1, 2, 7])
      fleet.moved(number, 'autumn', { phase: 'failed', fault: 'phone-never-asked' });
    await tile(page, 'lisbon').getByText('3 failed').waitFor();
    await tile(page, 'lisbon').getByRole('link', { name: 'Lisbon' }).click();
    await drawer.getByText('3 phones').waitFor();
    t.match(
      await drawer.innerText(),
      /3 phones of The autumn update failed between .+ They count as one failure; look at power/,
    );
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    t.strictSame(await violations(page), []);
    await picture(page, 'sites-trouble');
    await drawer.getByRole('link', { name: '80:5e:c0:00:00:02' }).click();
    await drawer.getByText('as part of a trouble of the whole site').waitFor();
    t.match(new URL(page.url()).hash, /^#\/phone\/805ec0000002/);
  });

  t.strictSame(faults, []);
});
