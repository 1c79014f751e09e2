import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EpochMs } from '@ringwave/protocol/units';
import type { RolloutView, SiteView } from '@ringwave/protocol/views';
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
import { macOf, newVersion, oldVersion } from './seeded-fleet.ts';

// Phones in the console: why each is where it is, what waits for a person, and who drifted.

const ringwave = join(import.meta.dirname, '../../../controller/bin/ringwave.js');

/** What the command line says of a phone, line by line without its indents. */
async function told({ controller }: House, number: number): Promise<string[]> {
  const token = controller.access.mintApiToken('program');
  const where = ['--url', controller.url, '--token', token];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ringwave,
    ...where,
    'phone',
    'explain',
    macOf(number),
  ]);
  return stdout.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
}

const openPhone = async (page: Page, number: number) => {
  await row(page, number).getByRole('link').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'Compliance' }).waitFor();
  return dialog;
};
const closePhone = async (page: Page) => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};
const waits = (page: Page) => page.locator('.needs-you li');

/** Adds up how far things move on the page without anybody’s doing, from now on. */
const watchShifts = `
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
  }).observe({ type: 'layout-shift' });
`;

/** Two phones that stand in for one another, beside the six. */
function pairUp({ fleet }: House): void {
  for (const number of [7, 8]) {
    const phone = { mac: macOf(number), site: 'lisbon' as never, vendor: 'Yealink', model: 'T46S' };
    fleet.command({
      kind: 'phones-put',
      phones: [{ ...phone, emergency: false, pair: 'desk' as never, switch: 'sw-1' }],
    });
    fleet.seen(number, oldVersion);
  }
}

test('phones in the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  pairUp(house);
  const { fleet } = house;
  const dueAt = (Date.now() + 86_400_000) as EpochMs;
  const deadline = { dueAt, because: 'CVE-2026-0001' };
  fleet.rollout('autumn', [{ name: 'all' }], {
    deadline,
    gate: { successMin: 0, failuresMax: 9, minSample: 9, soak: 0 as never },
  });
  for (const site of ['lisbon', 'berlin', 'kathmandu']) fleet.hello(site);
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: 'The autumn update' }).waitFor();

  await t.test('the drawer explains a phone in the words of the command line', async (t) => {
    fleet.moved(3, 'autumn', {
      phase: 'held',
      waiting: {
        reason: 'In a call',
        waitingFor: 'call',
        nextAttemptAt: Date.now() + 600_000,
        attempt: 1,
        attemptsMax: 3,
      },
    });
    await row(page, 3).and(page.locator('[data-phase=held]')).waitFor();
    const dialog = await openPhone(page, 3);
    const lines = await told(house, 3);
    const shown = await words(page, '.chain li, .chain p:last-child');
    t.ok(shown.length >= 5);
    for (const line of shown) t.ok(lines.includes(line), line);
    t.match(shown.at(-1), /^goes on when the call has ended$/);
    t.match(
      await dialog.innerText(),
      /Deadline\s+.+: in windows, only phones that are known to be idle/,
    );
    t.strictSame(await violations(page), []);
    await picture(page, 'phones-drawer');
  });

  await t.test('a phone is also explained as it will stand later', async (t) => {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('As it stands').selectOption('in 7 days');
    await dialog.getByText('as far as is known now').waitFor();
    // The note is there at once, what is known of then when it has come.
    await page.locator('.chain li').first().waitFor();
    t.match(await words(page, '.chain li'), [
      /is running/,
      /./,
      /agent connected; (its|next) opening/,
      /./,
    ]);
    await dialog.getByLabel('As it stands').selectOption('at another time');
    await dialog.getByLabel('UTC').fill('2030-01-01T00:00');
    await dialog.getByText(/As it will stand .*1 Jan/).waitFor();
    await picture(page, 'phones-later');
    await closePhone(page);
  });

  await t.test(
    'phones of a pair name each other, and one is taken out for the other',
    async (t) => {
      fleet.moved(7, 'autumn', { phase: 'failed', fault: 'phone-came-back-old' });
      await row(page, 8).and(page.locator('[data-phase=skipped]')).waitFor();
      const dialog = await openPhone(page, 8);
      t.match(
        await dialog.innerText(),
        /Pair\s+desk, never down at once with\s+80:5e:c0:00:00:07\s+failed/,
      );
      t.match(
        await dialog.innerText(),
        /the other phone of pair desk, is failed: both stay on one version/,
      );
      t.match(await dialog.innerText(), /Switch\s+sw-1/);
      await dialog.locator('.partner a').click();
      await dialog.getByText('80:5e:c0:00:00:08').first().waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    },
  );

  await t.test('a phone that drifted is counted, listed and told', async (t) => {
    fleet.seen(1, newVersion);
    fleet.moved(1, 'autumn', { phase: 'done' });
    fleet.seen(1, '66.84.0.1');
    await page.locator('.counts').getByRole('button', { name: '1 drifted' }).click();
    t.equal(await page.locator('tr[data-mac]').count(), 1);
    const dialog = await openPhone(page, 1);
    t.match(await dialog.innerText(), /was brought to 66\.86\.0\.15, shows 66\.84\.0\.1 since/);
    await picture(page, 'phones-drifted');
    await closePhone(page);
    await page.locator('.counts').getByRole('button', { name: '1 drifted' }).click();
  });

  await t.test('phones aside are found by what became of them', async (t) => {
    fleet.moved(5, 'autumn', { phase: 'unreachable', fault: 'phone-silent-after-restart' });
    fleet.moved(6, 'autumn', { phase: 'rolled-back', fault: 'phone-came-back-old' });
    // The one that has drifted counts as gone back while its rollout goes on.
    for (const [phase, count] of [
      ['unreachable', 1],
      ['rolled-back', 2],
      ['skipped', 1],
    ] as const) {
      await page.locator('tr', { hasText: phase }).first().waitFor();
      await page.locator('.filters select').first().selectOption(phase);
      await page.getByText(`${count} of 8 phones`, { exact: true }).waitFor();
      t.equal(await page.locator(`tr[data-phase=${phase}]`).count(), count);
      await page.getByRole('button', { name: 'Show all' }).click();
    }
  });

  await t.test('phones that wait for a person are asked for by their reason', async (t) => {
    const reason = 'The image has failed for good: a person decides';
    fleet.moved(4, 'autumn', {
      phase: 'held',
      waiting: { reason, waitingFor: 'person', nextAttemptAt: null, attempt: 3, attemptsMax: 3 },
    });
    await waits(page).getByText(`1 phone waits: ${reason}`).waitFor();
    await waits(page)
      .getByRole('button', { name: /^Show 1 phone/ })
      .click();
    t.equal(await page.locator('tr[data-mac]').count(), 1);
    await page.getByRole('button', { name: 'Show all' }).click();
  });

  await t.test('a freeze without an end is asked for, and lifted where it is read', async (t) => {
    const freeze = { reason: 'end of the quarter' };
    fleet.command({ kind: 'site-freeze', site: 'berlin' as never, freeze }, 'ada');
    const asked = waits(page).filter({ hasText: 'Berlin starts no phone' });
    t.match(await asked.innerText(), /Frozen from headquarters by ada: end of the quarter/);
    const dialog = await openPhone(page, 3);
    t.match(await dialog.innerText(), /Site hold\s+Frozen from headquarters by ada/);
    await closePhone(page);
    t.strictSame(await violations(page), []);
    await picture(page, 'phones-needs-you');
    await asked.getByRole('button', { name: 'Lift the freeze …' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Lift the freeze', exact: true })
      .click();
    await asked.waitFor({ state: 'detached' });
    t.notOk((await house.get<SiteView>('/api/v1/sites/berlin')).holds);
  });

  await t.test('what other rollouts ask is answered without going there', async (t) => {
    await page.evaluate(watchShifts);
    fleet.propose('winter', [{ name: 'all' }], {}, 'ada');
    const asked = waits(page).filter({ hasText: 'The winter update waits for approval' });
    await asked.waitFor();
    t.ok(Number(await page.evaluate('window.shifted')) < 0.05, 'its coming moves nothing away');
    await asked.getByRole('button', { name: 'Approve …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    await asked.waitFor({ state: 'detached' });
    t.equal((await house.get<RolloutView>('/api/v1/rollouts/winter')).approvedBy, 'ana');
    fleet.command({ kind: 'rollout-abort', rollout: 'winter' as never, reason: 'next story' });
  });

  await t.test('a deadline that has passed asks a person', async (t) => {
    fleet.command({ kind: 'rollout-abort', rollout: 'autumn' as never, reason: 'next story' });
    for (let number = 1; number <= 8; number += 1) fleet.seen(number, oldVersion);
    const soon = { dueAt: (Date.now() + 1500) as EpochMs, because: 'CVE-2026-0002' };
    fleet.rollout('urgent', [{ name: 'all' }], { deadline: soon });
    await page.getByRole('heading', { name: 'The urgent update' }).waitFor();
    await page.getByText('Its deadline passed').waitFor();
    t.match(await page.innerText('.rollout'), /\(CVE-2026-0002\) and 8 phones are not done/);
    t.match(await page.innerText('.rollout .facts'), /it has passed; still in any idle minute/);
    await picture(page, 'phones-overdue');
  });

  await t.test('it fits on small screens, and in the dark', async (t) => {
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await openPhone(page, 8);
    t.strictSame(await violations(page), []);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'phones-dark');
  });

  t.strictSame(faults, []);
});
