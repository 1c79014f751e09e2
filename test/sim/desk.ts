import type { Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { firmwareFor, readRequest } from '../../agent/core/provisioning/read-request.ts';
import type { SealedSecret } from '../../agent/core/state.ts';
import type { SimPhone } from './fleet.ts';
import { registersSoon } from './weather.ts';
import type { AgentNode, World } from './world.ts';

// Phones on their desks: what a real one shows at each moment, and nothing else.

export const ODD_HABITS = [
  'refuses-image',
  'comes-back-old',
  'off',
  'in-call',
  'refuses-wake',
  'vanishes',
] as const;
type Habit = 'good' | (typeof ODD_HABITS)[number];

export interface PhoneState extends SimPhone {
  input: SimPhone['input'];
  running: string;
  habit: Habit;
  /** The newest secret that it was given. */
  holds?: SealedSecret;
  flashes: string[];
  /** Counts restarts, so that a late step of an earlier run does nothing. */
  run: number;
  /** It went away in the middle of an update and has shown nothing since. */
  isLost?: boolean;
  /** It has taken its image, and has not shown itself since. */
  isRestarting?: boolean;
}

const HOUR = 3_600_000;

export class Desks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  wake(agent: AgentNode, mac: Mac, start: number): void {
    const phone = this.#world.phones.get(mac);
    if (!phone) return;
    this.#world.invariants.woken(agent.site, mac, start);
    const answer = (say: 'accepted' | 'busy' | 'refused' | 'silent') =>
      agent.node.submit({ kind: 'wake-answered', mac, start, answer: say });
    // A box that has not heard yet that the phone was carried away asks an address where nobody answers.
    const isHere = phone.input.site === agent.site;
    switch (isHere ? phone.habit : 'off') {
      case 'off':
        return void this.#world.timeline.after(32_000, () => answer('silent'));
      case 'refuses-wake':
        return void this.#world.timeline.after(50, () => answer('refused'));
      case 'in-call':
        if (this.#world.random.chance(0.3)) phone.habit = 'good';
        return void this.#world.timeline.after(50, () => answer('busy'));
      default:
        this.#world.timeline.after(50, () => answer('accepted'));
        this.boot(phone, this.#world.random.whole(20_000, 120_000));
        return undefined;
    }
  }

  boot(phone: PhoneState, wait: number): void {
    phone.run += 1;
    const { run } = phone;
    this.#world.timeline.after(wait, () => {
      if (phone.run === run && phone.habit !== 'off') this.#fetchConfig(phone, run);
    });
  }

  #fetchConfig(phone: PhoneState, run: number): void {
    const { input } = phone;
    const agent = this.#world.agent(input.site);
    if (!agent.node.isUp) return this.boot(phone, 60_000);
    const generation = this.#world.loginOf(
      agent.node.tables.credentials.get(input.mac),
      phone.holds,
    );
    // To a phone that has proven a login once its file is for that login alone.
    if (generation === 'refused') return this.boot(phone, HOUR);
    if (agent.node.isUp) phone.isLost = phone.isRestarting = false;
    agent.node.submit({
      kind: 'phone-asked',
      mac: input.mac,
      vendor: input.vendor,
      model: input.model,
      version: phone.running,
      protocol: 'http',
      address: '127.0.0.9',
      means: 'phone-config',
      generation,
    });
    const planned = agent.node.tables.plan
      .get('plan')
      ?.plan.phones.find((one) => one.mac === input.mac);
    if (!planned || !agent.node.isUp) return;
    const firmware = firmwareFor(agent.node.tables, planned);
    const next = agent.node.tables.credentials.get(input.mac)?.next;
    if (next) phone.holds = next;
    agent.node.submit({ kind: 'config-served', mac: input.mac, generation: next?.generation ?? 0 });
    registersSoon(agent.node, input.mac, {
      timeline: this.#world.timeline,
      isUp: () => phone.run === run,
    });
    if (!firmware || firmware.version === phone.running) return;
    if (phone.habit === 'refuses-image') return;
    const path = `${firmware.folder}/${firmware.fileName}`;
    const meant = readRequest(agent.node.tables, { protocol: 'http', path });
    if (meant.kind !== 'image') return;
    const { fileName } = meant.image;
    const digest = meant.image.sha256 as Sha256;
    // As the agent's shell does it: what counts as held and is gone is told, and the phone gets nothing.
    if (!agent.shelf.has(digest)) return agent.node.submit({ kind: 'image-lost', digest });
    this.#world.invariants.served(phone, meant.release.id, meant.image);
    const image = { mac: input.mac, release: meant.release.id as Id, fileName };
    agent.node.submit({ kind: 'image-began', ...image });
    if (phone.habit === 'vanishes') return this.#vanish(phone, agent, image);
    this.#world.timeline.after(this.#world.random.whole(20_000, 180_000), () => {
      if (phone.run !== run) return;
      // A box that died in the middle cuts the transfer: the phone gives up and asks again later.
      if (!agent.node.isUp) return this.boot(phone, 120_000);
      agent.node.submit({ kind: 'image-left', ...image, whole: true });
      this.#flash(phone, firmware.version);
    });
  }

  /** In the middle of its image, or with all of it: from then on it counts as down. */
  #vanish(
    phone: PhoneState,
    agent: AgentNode,
    image: { readonly mac: Mac; readonly release: Id; readonly fileName: string },
  ): void {
    const tookAll = this.#world.faults.orders && !this.#world.dice.chance(0.5);
    this.#world.timeline.after(60_000, () => {
      if (phone.habit !== 'vanishes') return;
      if (tookAll) agent.node.submit({ kind: 'image-left', ...image, whole: true });
      const phase = agent.node.tables.work.get(image.mac)?.phase;
      phone.isLost = agent.node.isUp && phase === (tookAll ? 'rebooting' : 'downloading');
    });
  }

  #flash(phone: PhoneState, version: string): void {
    this.#world.invariants.flashed(phone, version);
    phone.isRestarting = true;
    if (phone.habit !== 'comes-back-old') {
      phone.running = version;
      phone.flashes.push(version);
    }
    this.boot(phone, this.#world.random.whole(60_000, 240_000));
  }
}
