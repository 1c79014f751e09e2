import type { RehearsalProgressView } from '@ringwave/protocol/rehearsal-view';
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

// A rollout is rehearsed from the console before it is approved.

const open = async (page: Page) => {
  await page.getByRole('button', { name: 'Rehearse …' }).click();
  return page.getByRole('dialog');
};
const started = async (page: Page, fields: Record<string, string>) => {
  const dialog = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields))
    await dialog.getByRole('spinbutton', { name: label }).fill(value);
  await dialog.getByRole('button', { name: /^(Start rehearsal|Rehearse again)$/ }).click();
};

test('rehearsing in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  const { fleet } = house;
  fleet.propose('autumn', [{ name: 'canary', count: 1 }, { name: 'rest' }], {}, 'ada');
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: 'The autumn update' }).waitFor();

  await t.test('a proposal is rehearsed: when its runs end, and what they cost', async (t) => {
    const dialog = await open(page);
    t.strictSame(await violations(page), []);
    await picture(page, 'rehearsal-form');
    await started(page, { Runs: '4', 'Days ahead': '5' });
    await dialog.getByText('Half of the runs end').waitFor({ timeout: 60_000 });
    t.match(
      await dialog.locator('.sentence').innerText(),
      /^Half of the runs end by .+, nine of ten by .+, the last by /,
    );
    t.strictSame((await words(page, '.finish dt')).concat(await words(page, '.figures tbody th')), [
      'p10',
      'p50',
      'p90',
      '1',
      '2',
      '3',
      '4',
    ]);
    t.match(await words(page, '[data-seed="1"] td'), [
      /UTC/,
      '6',
      '0',
      '0',
      '0',
      /B$/,
      /B$/,
      /\d/,
      '0',
    ]);
    t.equal(await page.locator('.timeline li').count(), 3);
    t.match(await dialog.innerText(), /In run 1 every phone is done in the end/);
    t.match(await words(page, '.timeline .told'), [
      // It is rehearsed from now: in office hours a phone may be in a call, and is started once more.
      /2 phones, [2-9] starts, .+ over the WAN, .+ lost/,
      /./,
      /./,
    ]);
    await dialog.getByRole('button', { name: /^Run 3/ }).click();
    await dialog.getByText('Sites of run 3').waitFor();
    t.strictSame(await violations(page), []);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'rehearsal-result');
    t.equal(
      (await house.get<{ state: string }>('/api/v1/rollouts/autumn')).state,
      'awaiting-approval',
    );
    await page.keyboard.press('Escape');
  });

  await t.test('who never finishes is named, with why', async (t) => {
    fleet.command({ kind: 'rollout-remove', rollout: 'autumn' as never });
    fleet.site('porto', 'Europe/Lisbon');
    for (const number of [7, 8]) {
      const phone = { mac: `80:5e:c0:00:00:0${number}` as never, site: 'porto' as never };
      fleet.command({
        kind: 'phones-put',
        phones: [{ ...phone, vendor: 'Yealink', model: 'T46S', emergency: false }],
      });
    }
    fleet.propose('winter', [{ name: 'all' }], {}, 'ada');
    await page.getByRole('heading', { name: 'The winter update' }).waitFor();
    const dialog = await open(page);
    await started(page, { Runs: '2', 'Days ahead': '2' });
    await dialog.getByText('Never finish in run 1').waitFor({ timeout: 60_000 });
    t.match(
      await dialog.locator('.sentence').innerText(),
      /^Half of the runs end not within 2 days/,
    );
    t.match(await words(page, '.rehearsal .note li'), [
      'Site Porto: No agent is enrolled there',
      /^2 phones: No agent is enrolled at its site \(80:5e:c0:00:00:07 at Porto, 80:5e:c0:00:00:08 at Porto\)$/,
    ]);
    await picture(page, 'rehearsal-never');
    await page.emulateMedia({ colorScheme: 'dark' });
    t.strictSame(await violations(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await t.test('its progress is told, and stopping it frees the controller', async (t) => {
    const dialog = page.getByRole('dialog');
    await started(page, { Runs: '20', 'Days ahead': '365' });
    await dialog.getByText(/^run \d+ of 20: .+, day \d+$/).waitFor();
    await picture(page, 'rehearsal-progress');
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await dialog
      .getByRole('button', { name: 'Rehearse again' })
      .and(page.locator(':focus'))
      .waitFor();
    const said = () => house.get<{ underWay: RehearsalProgressView | null }>('/api/v1/rehearsal');
    let asks = 0;
    while ((await said()).underWay !== null && asks < 2000) asks += 1;
    t.equal((await said()).underWay, null);
    await started(page, { Runs: '1', 'Days ahead': '1' });
    await dialog.getByText('Half of the runs end').waitFor({ timeout: 60_000 });
    t.equal(await dialog.getByRole('alert').count(), 0);
  });

  await t.test('what the controller would refuse is told as it tells it', async (t) => {
    const dialog = page.getByRole('dialog');
    await page.route('**/api/v1/rollouts/rehearse', (route) =>
      route.continue({
        postData: JSON.stringify({ rollout: { id: 'other', releases: ['none'] } }),
      }),
    );
    await dialog.getByRole('button', { name: 'Rehearse again' }).click();
    await dialog.getByRole('alert').waitFor();
    t.match(
      await dialog.getByRole('alert').innerText(),
      /rollout other: release none|release none/,
    );
    await page.unroute('**/api/v1/rollouts/rehearse');
  });

  t.strictSame(faults, []);
});
