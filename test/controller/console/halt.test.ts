import { test } from 'tap';
import { loggedIn, misfits, openBrowser, picture, settle, violations } from './browser-house.ts';

// The stop of all sites in the console: ordered, seen by everybody, lifted.

test('all sites are stopped and let go again from the console', async (t) => {
  const opened = await openBrowser(t);
  if (!opened) return;
  const { house, context, faults } = opened;
  settle(house);
  house.fleet.rollout('autumn', [{ name: 'all' }]);
  const page = await loggedIn(context, house);
  await page.getByRole('heading', { name: 'The autumn update' }).waitFor();

  await t.test('a stop needs a reason, and then stands above everything', async (t) => {
    await page.getByRole('button', { name: 'Stop all sites …' }).click();
    const form = page.getByRole('dialog', { name: 'Stop all sites?' });
    const stop = form.getByRole('button', { name: 'Stop all sites', exact: true });
    t.equal(await stop.isDisabled(), true);
    await form.getByLabel(/^Reason/).fill('the carrier has an outage');
    t.strictSame(await violations(page), []);
    await stop.click();
    const note = page.getByRole('alert');
    await note.waitFor();
    t.match(await note.innerText(), /All sites are stopped: the carrier has an outage\./);
    t.equal(await page.getByRole('button', { name: 'Stop all sites …' }).count(), 0);
    t.strictSame(await violations(page), []);
    for (const width of [320, 390]) t.strictSame(await misfits(page, width), []);
    await picture(page, 'halt');
  });

  await t.test('whoever comes later sees it, too', async () => {
    await page.reload();
    await page.getByRole('alert').waitFor();
  });

  await t.test('lifted, it is gone without a reload', async () => {
    await page.getByRole('button', { name: 'Lift the stop …' }).click();
    const form = page.getByRole('dialog', { name: 'Lift the stop of all sites?' });
    await form.getByText('the carrier has an outage').waitFor();
    await form.getByRole('button', { name: 'Lift the stop', exact: true }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Stop all sites …' }).waitFor();
  });

  t.strictSame(faults, []);
});
