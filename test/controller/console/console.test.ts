import type { PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';
import type { Page, WebSocketRoute } from 'playwright-core';
import { test } from 'tap';
import {
  type House,
  live,
  loggedIn,
  misfits,
  openBrowser,
  row,
  settle,
  violations,
  words,
} from './browser-house.ts';
import { macOf, newVersion } from './seeded-fleet.ts';

// The built console in a real browser, against a real controller.

/** What these tests read of an element; the browser's own types would reach into every other test. */
interface Element {
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
}

/** What a reader sees of every phone: its phase and reason. */
const shownPhones = (page: Page) =>
  page.locator('tr[data-mac]').evaluateAll((rows) =>
    (rows as unknown as Element[])
      .map((one) => {
        const reason = one.querySelector('[data-name=Reason]')?.textContent ?? '';
        return [one.getAttribute('data-mac'), one.getAttribute('data-phase'), reason].join(' ');
      })
      .sort(),
  );

async function toldPhones(house: House): Promise<string[]> {
  const { phones } = await house.get<{ phones: PhoneView[] }>('/api/v1/phones');
  return phones.map(({ mac, work }) => `${mac} ${work?.phase} ${work?.reason}`).sort();
}

test('the console in a browser', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;

  await t.test('a stranger gets 401 and is told how to log in', async (t) => {
    const page = await context.newPage();
    await page.goto(house.controller.url);
    await page.getByRole('heading', { name: 'You are not logged in' }).waitFor();
    t.match(await page.innerText('main'), /ringwave controller login/);
    t.equal(
      await page.evaluate(() => fetch('/api/v1/rollouts').then((answer) => answer.status)),
      401,
    );
    await page.close();
  });

  await t.test('an empty fleet names the next command', async (t) => {
    const page = await loggedIn(context, house);
    t.match(await page.innerText('main'), /No sites yet[^]*ringwave site put lisbon/);
    settle(house);
    await page.getByRole('heading', { name: 'Nothing is being rolled out' }).waitFor();
    t.match(await page.innerText('main'), /ringwave release import/);
    await page.close();
  });

  await t.test('the printed link logs in once; the second use is refused', async (t) => {
    const link = `${house.controller.url}/?once=${house.controller.access.mintLink('ana')}`;
    const page = await context.newPage();
    await page.goto(link);
    await live(page);
    t.equal(new URL(page.url()).search, '', 'the address no longer holds the secret');
    const again = await page.goto(link);
    t.equal(again?.status(), 403);
    t.match(
      await page.innerText('body'),
      /has been used or is too old[^]*ringwave controller login/,
    );
    await page.close();
  });

  const page = await loggedIn(context, house);

  await t.test(
    'a new rollout shows without a reload: waves, sites in local time, phones',
    async (t) => {
      house.fleet.rollout('autumn', [
        { name: 'canary', sites: ['lisbon'] as never },
        { name: 'rest' },
      ]);
      await page.getByRole('heading', { name: 'The autumn update' }).waitFor();
      t.equal(await page.innerText('.sentence'), 'Wave 1 of 2 open: 0 of 6 phones done');
      t.strictSame(await words(page, '.wave h3'), ['1 of 2 canary', '2 of 2 rest']);
      t.strictSame(await words(page, '.wave-head .state'), ['open', 'closed']);
      t.match(await words(page, '.site .local'), [/UTC\+1$/, /UTC\+5:45$/, /UTC$/]);
      t.equal(await page.locator('tr[data-mac]').count(), 6);
      t.strictSame(await shownPhones(page), await toldPhones(house));
    },
  );

  await t.test(
    'a phone that moves is seen to move, with reason, next attempt and attempt',
    async (t) => {
      const nextAttemptAt = Date.now() + 600_000;
      const reason = 'In a call; asked again when it should be over';
      const waiting = {
        reason,
        waitingFor: 'call' as const,
        nextAttemptAt,
        attempt: 2,
        attemptsMax: 3,
      };
      house.fleet.moved(1, 'autumn', { phase: 'held', waiting });
      house.fleet.seen(2, newVersion);
      house.fleet.moved(2, 'autumn', { phase: 'done', detail: `Runs ${newVersion}` });
      await row(page, 1).and(page.locator('[data-phase=held]')).waitFor();
      const cells = await row(page, 1).locator('td').allInnerTexts();
      t.strictSame(
        cells.slice(3, 6).map((one) => one.trim()),
        ['held', reason, 'call'],
      );
      t.match(cells.slice(6), [/^\d\d:\d\d UTC\s+in (9|10) min$/, '2 of 3']);
      t.match(await page.innerText('.sentence'), /1 of 6 phones done, 1 held/);
    },
  );

  await t.test('each count opens a list of as many phones', async (t) => {
    for (const button of await page.locator('.counts button').all()) {
      const count = Number(await button.locator('b').innerText());
      await button.click();
      await button.and(page.locator('[aria-pressed=true]')).waitFor();
      t.equal(await page.locator('tr[data-mac]').count(), count, await button.innerText());
      await button.click();
      await button.and(page.locator('[aria-pressed=false]')).waitFor();
    }
    t.equal(await page.locator('tr[data-mac]').count(), 6);
  });

  await t.test('a selection shows the phones that it means, or where its mistake is', async (t) => {
    const where = page.getByRole('textbox', { name: 'Where' });
    const all = await page.locator('tr[data-mac]').count();
    await where.fill(`mac in (${macOf(1)}, ${macOf(2)}) and not model = T99 or modle = x`);
    await where.press('Enter');
    await page.getByText('is no field').waitFor();
    t.equal(await page.locator('tr[data-mac]').count(), all, 'a mistake selects nothing anew');
    t.match(await words(page, '#where-problem'), [
      /^column 63: no model "T99" is known here\. Expected: .+ column 70: "modle" is no field\. Expected: model$/,
    ]);
    t.equal(await where.getAttribute('aria-invalid'), 'true');
    await where.fill(`mac in (${macOf(1)}, ${macOf(2)})`);
    await where.press('Enter');
    await page.getByText(`2 of ${all} phones`).waitFor();
    t.equal(await page.locator('tr[data-mac]').count(), 2);
    await where.fill('');
    await where.press('Enter');
    await page.waitForFunction(`document.querySelectorAll('tr[data-mac]').length === ${all}`);
  });

  await t.test('a phone has an address of its own, and the focus returns to its row', async (t) => {
    await row(page, 1).getByRole('link').focus();
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('firmware-at-target').waitFor();
    t.match(new URL(page.url()).hash, /^#\/phone\/805ec0000001/);
    t.match(await drawer.innerText(), /In a call[^]*Credential\s+none of its own yet/);
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    t.equal(await page.locator(':focus').innerText(), macOf(1));
    await page.goBack();
    await drawer.waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  });

  await t.test('pause says what it does, pauses, and resume goes on', async (t) => {
    await page.getByRole('button', { name: 'Pause …' }).click();
    const dialog = page.getByRole('dialog');
    t.match(await dialog.innerText(), /5 not started[^]*0 in flight[^]*1 ended/);
    await dialog.getByRole('textbox').fill('the switchboard calls');
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume …' }).waitFor();
    const paused = await house.get<RolloutView>('/api/v1/rollouts/autumn');
    t.match(paused, {
      state: 'paused',
      paused: { by: 'person', who: 'ana', reason: 'the switchboard calls' },
    });
    t.strictSame(await shownPhones(page), await toldPhones(house));
    await page.getByRole('button', { name: 'Resume …' }).click();
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Pause …' }).waitFor();
    t.equal((await house.get<RolloutView>('/api/v1/rollouts/autumn')).state, 'running');
  });

  await t.test(
    'what was refused is told with the thing, the reason and the next step',
    async (t) => {
      await page.getByRole('button', { name: 'Pause …' }).click();
      const dialog = page.getByRole('dialog');
      await page.route('**/pause', async (route) => {
        house.fleet.command({ kind: 'rollout-pause', rollout: 'autumn' as never, reason: 'first' });
        await route.continue();
      });
      await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
      t.match(
        await dialog.getByRole('alert').innerText(),
        /rollout autumn is paused[^]*See it with: ringwave rollout show autumn/,
      );
      await page.keyboard.press('Escape');
      await page.unroute('**/pause');
      house.fleet.command({ kind: 'rollout-resume', rollout: 'autumn' as never });
      await page.getByRole('button', { name: 'Pause …' }).waitFor();
    },
  );

  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(
      `nothing shuts a reader out in ${colorScheme}: page, drawer and dialog`,
      async (t) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        t.strictSame(await violations(page), [], 'page');
        await row(page, 2).getByRole('link').click();
        await page.getByRole('dialog').getByText('firmware-at-target').waitFor();
        t.strictSame(await violations(page), [], 'drawer');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Abort …' }).click();
        t.strictSame(await violations(page), [], 'dialog');
        await page.keyboard.press('Escape');
      },
    );
  }

  await t.test('at 320 px nothing scrolls sideways and no target is below 24 px', async (t) => {
    t.strictSame(await misfits(page, 320), []);
    await page.setViewportSize({ width: 320, height: 800 });
    t.strictSame(await violations(page), []);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test('a line that breaks again and again ends in the same picture as REST', async (t) => {
    const shaky = await context.newPage();
    const lines: WebSocketRoute[] = [];
    const asked: string[] = [];
    await shaky.routeWebSocket(/\/api\/v1\/live/, (line) => {
      asked.push(new URL(line.url()).search);
      line.connectToServer();
      lines.push(line);
    });
    await shaky.goto(house.controller.url);
    await live(shaky);
    for (const [place, phase] of (
      ['offered', 'downloading', 'rebooting', 'verifying'] as const
    ).entries()) {
      const waiting = {
        waitingFor: 'phone',
        nextAttemptAt: null,
        attempt: 1,
        attemptsMax: 3,
      } as const;
      house.fleet.moved(3, 'autumn', { phase, waiting: { ...waiting, reason: `step ${place}` } });
      await lines.at(-1)?.close();
      house.fleet.moved(4, 'autumn', { phase, waiting: { ...waiting, reason: `step ${place}` } });
      await row(shaky, 4).getByText(`step ${place}`).waitFor();
    }
    t.strictSame(await shownPhones(shaky), await toldPhones(house));
    t.equal(asked.length, 5);
    t.equal(asked[0], '');
    for (const query of asked.slice(1)) t.match(query, /^\?epoch=[0-9a-f-]{36}&since=\d+$/);
    await shaky.close();
  });

  await t.test(
    'while the controller is away the page says how old it is and changes nothing',
    async (t) => {
      await house.restart(async () => {
        await page.locator('[data-link=reconnecting]').waitFor();
        // It tries again and again, so the two are seen whenever it waits between two tries.
        await page
          .locator('.pill')
          .getByText(/^Reconnecting in \d+ s, stale since \d\d:\d\d:\d\d$/)
          .waitFor();
        await page
          .locator('main')
          .getByText('does not answer. This page shows what it knew at')
          .waitFor();
        t.equal(await page.getByRole('button', { name: 'Pause …' }).isDisabled(), true);
      });
      house.fleet.hello('lisbon');
      house.fleet.moved(1, 'autumn', { phase: 'failed', fault: 'phone-came-back-old' });
      await live(page);
      await row(page, 1).and(page.locator('[data-phase=failed]')).waitFor();
      await page.locator('[data-site=lisbon]').getByText('agent connected').waitFor();
      await page.locator('[data-site=berlin].hatched').getByText('agent away').waitFor();
      t.strictSame(await shownPhones(page), await toldPhones(house));
      const sites = await house.get<SiteView[]>('/api/v1/sites');
      t.strictSame(sites.map((one) => one.agent.state).sort(), ['away', 'away', 'connected']);
    },
  );

  await t.test('an abort asks for its reason and does what its dialog counted', async (t) => {
    await page.getByRole('button', { name: 'Abort …' }).click();
    const dialog = page.getByRole('dialog');
    const said = /(\d+) not started[^]*?(\d+) ended/.exec(await dialog.innerText());
    const button = dialog.getByRole('button', { name: 'Abort', exact: true });
    t.equal(await button.isDisabled(), true);
    await dialog.getByRole('textbox').fill('wrong release');
    await button.click();
    await page.locator('.rollout-head').getByText('aborted').waitFor();
    const { waves } = await house.get<RolloutView>('/api/v1/rollouts/autumn');
    t.equal(
      waves.reduce((sum, wave) => sum + wave.skipped, 0),
      Number(said?.[1]),
    );
    t.equal(
      waves.reduce((sum, wave) => sum + wave.done + wave.failed, 0),
      Number(said?.[2]),
    );
    t.strictSame(await shownPhones(page), await toldPhones(house));
  });

  await t.test('no state is a bare pending, and no secret is on the page', async (t) => {
    const html = await page.content();
    t.notMatch(html, /pending/i);
    for (const { value } of await context.cookies()) t.notOk(html.includes(value));
    t.equal(await page.evaluate('document.cookie'), '');
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage])');
    t.equal(kept, '[{},{}]');
  });

  await t.test('logging out leaves nothing to read, here or in another window', async (t) => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'You are not logged in' }).waitFor();
    t.notMatch(await page.content(), /80:5e:c0/);
    t.equal(
      await page.evaluate(() => fetch('/api/v1/rollouts').then((answer) => answer.status)),
      401,
    );
  });

  t.strictSame(faults, [], 'no script failed on any page');
});
