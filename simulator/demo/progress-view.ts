import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import type { Fleet } from './live-follower.ts';

// What a person at a terminal sees: a few lines that are redrawn, or plain lines where nothing can be redrawn.

const BAR = 24;

export function progressLines(fleet: Fleet): string[] {
  const clock = `${new Date(fleet.at).toISOString().slice(0, 16).replace('T', ' ')} UTC (demo clock)`;
  const rollout = [...fleet.rollouts.values()].at(-1);
  if (!rollout) return [clock, 'the fleet is being prepared'];
  return [
    `${clock}   rollout ${rollout.id}: ${rollout.state}${pausedBy(rollout)}`,
    ...waveLines(rollout),
    ...siteLines(fleet),
  ];
}

const pausedBy = ({ paused }: RolloutView): string =>
  paused ? ` by ${paused.by}: ${paused.reason}` : '';

function waveLines(rollout: RolloutView): string[] {
  const width = Math.max(...rollout.waves.map((wave) => wave.name.length));
  return rollout.waves.map((wave) => {
    const part = wave.total === 0 ? 0 : (wave.done + wave.failed + wave.skipped) / wave.total;
    const bar = '█'.repeat(Math.round(part * BAR)).padEnd(BAR, '·');
    const failed = wave.failed > 0 ? `, ${wave.failed} failed` : '';
    return `  ${wave.name.padEnd(width)} ${bar} ${String(wave.done).padStart(3)}/${wave.total}${failed}  ${wave.state}`;
  });
}

function siteLines(fleet: Fleet): string[] {
  return [...fleet.sites.values()].map((site) => {
    const phones = [...fleet.phones.values()].filter((phone) => phone.site === site.id);
    const local = new Intl.DateTimeFormat('en-GB', {
      timeZone: site.zone,
      hour: '2-digit',
      minute: '2-digit',
    }).format(fleet.at);
    return `  ${site.name.padEnd(12)} ${local} local, agent ${site.agent.state.padEnd(9)} ${phaseCounts(phones)}`;
  });
}

function phaseCounts(phones: readonly PhoneView[]): string {
  const counts = new Map<string, number>();
  for (const phone of phones) {
    const phase = phone.work?.phase ?? 'idle';
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return [...counts].map(([phase, count]) => `${count} ${phase}`).join(', ');
}

/** Redraws in place: four times a second is as fast as anyone reads. */
export class TerminalView {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw(fleet: Fleet): void {
    const lines = progressLines(fleet).map((line) =>
      line.slice(0, Math.max((this.#out.columns ?? 100) - 1, 40)),
    );
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.#out.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#drawn = lines.length;
  }
}
