import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { consoleFolder } from '@ringwave/controller/io/rest/server';
import { runController, type RunningController } from '@ringwave/controller/main';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { needs, programPath } from '../../peers/peer.ts';
import { macOf, SeededFleet } from './seeded-fleet.ts';

// The built console in a real browser, before a real controller.

const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface House {
  controller: RunningController;
  fleet: SeededFleet;
  /** Ends the controller and starts it anew on its port, with what it had committed. */
  restart(whileAway: () => Promise<void>): Promise<void>;
  /** REST as a program asks it. */
  get<T>(path: string): Promise<T>;
}

async function openHouse(t: Test): Promise<House> {
  const folder = t.testdir();
  const start = (http: number, mqtt: number) =>
    runController({
      folder,
      http: { host: '127.0.0.1', port: http },
      mqtt: { host: '127.0.0.1', port: mqtt },
      note: () => {},
      failed: (error) => t.error(error),
    });
  let controller = await start(0, 0);
  const token = controller.access.mintApiToken('program');
  t.teardown(() => house.controller.close());
  const house: House = {
    controller,
    fleet: new SeededFleet(controller.engine),
    restart: async (whileAway) => {
      const { http, mqtt } = controller.ports;
      await controller.close();
      await whileAway();
      controller = await start(http, mqtt);
      house.controller = controller;
      house.fleet = house.fleet.at(controller.engine);
    },
    get: async <T>(path: string) => {
      const answer = await fetch(`${controller.url}${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await answer.json()) as T;
    },
  };
  return house;
}

/** Three sites with two phones each. */
export function settle({ fleet }: House): void {
  for (const [name, zone, from] of [
    ['lisbon', 'Europe/Lisbon', 1],
    ['berlin', 'Europe/Berlin', 3],
    ['kathmandu', 'Asia/Kathmandu', 5],
  ] as const) {
    fleet.site(name, zone);
    fleet.agent(name);
    fleet.phones(name, { from, to: from + 1 });
  }
}

/** A browser window that has opened the printed link. */
export async function loggedIn(
  context: BrowserContext,
  { controller }: House,
  { isOwn = false } = {},
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${controller.url}/?once=${controller.access.mintLink('ana', { isOwn })}`);
  await live(page);
  return page;
}

export const live = (page: Page) => page.locator('[data-link=live]').waitFor();
export const row = (page: Page, number: number) => page.locator(`tr[data-mac="${macOf(number)}"]`);
export const words = async (page: Page, selector: string) =>
  (await page.locator(selector).allInnerTexts()).map((one) => one.replace(/\s+/g, ' ').trim());

/**
 * A controller and a browser before it; undefined where this machine has no Chromium. `faults` are scripts that
 * failed on any page.
 */
export async function openBrowser(
  t: Test,
): Promise<{ house: House; context: BrowserContext; faults: string[] } | undefined> {
  if (!needs(t, 'chromium')) return undefined;
  if (!existsSync(join(consoleFolder, 'index.html')))
    throw new Error('The console is not built. Build it with: npm run build');
  const executablePath = programPath('chromium');
  const browser = await chromium.launch({
    args: switches,
    ...(executablePath ? { executablePath } : {}),
  });
  t.teardown(() => browser.close());
  const house = await openHouse(t);
  const context = await browser.newContext({ timezoneId: 'Australia/Lord_Howe' });
  context.setDefaultTimeout(10_000);
  const faults: string[] = [];
  context.on('weberror', (error) => faults.push(String(error.error())));
  return { house, context, faults };
}

/** Targets below 24 px, and what is wider than its place: the page, or a dialog. */
export async function misfits(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 800 });
  const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
  const small = await page
    .locator('button:visible, a:visible, select:visible, input:visible, summary:visible')
    .evaluateAll((all) =>
      (all as unknown as Box[]).flatMap((one) => {
        const box = one.getBoundingClientRect();
        return box.width < 24 || box.height < 24
          ? [`${one.textContent} ${box.width}x${box.height}`]
          : [];
      }),
    );
  const cut = await page
    .locator('dialog')
    .evaluateAll((all) =>
      (all as unknown as Scrolled[]).flatMap((one) =>
        one.scrollWidth > one.clientWidth ? [`a dialog is ${one.scrollWidth} wide`] : [],
      ),
    );
  small.push(...cut);
  await page.setViewportSize({ width: 1280, height: 800 });
  return wide > width ? [`the page is ${wide} wide at ${width}`, ...small] : small;
}

interface Scrolled {
  readonly scrollWidth: number;
  readonly clientWidth: number;
}

/** What is read of an element; the browser's own types would reach into every other test. */
interface Box {
  readonly textContent: string | null;
  getBoundingClientRect(): { readonly width: number; readonly height: number };
}

/** For people who look at it: a picture in the folder that RINGWAVE_PICTURES names. */
export async function picture(page: Page, name: string, { fullPage = true } = {}): Promise<void> {
  const folder = process.env['RINGWAVE_PICTURES'];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

/** What axe finds against WCAG 2.2 A and AA and its own good practice: rule and place. */
export async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id} ${node.target.join(' ')}`),
  );
}
