import type { LiveMessage, PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';

// What changed, one object a line: for programs (`--json`) and for terminals that cannot redraw.

export type ChangeLine =
  | {
      readonly kind: 'rollout';
      readonly at: string;
      readonly rollout: string;
      readonly state: string;
      readonly reason: string | null;
    }
  | {
      readonly kind: 'wave';
      readonly at: string;
      readonly rollout: string;
      readonly wave: string;
      readonly state: string;
      readonly done: number;
      readonly failed: number;
      readonly total: number;
      readonly why: string | null;
    }
  | { readonly kind: 'site'; readonly at: string; readonly site: string; readonly agent: string }
  | {
      readonly kind: 'phone';
      readonly at: string;
      readonly mac: string;
      readonly site: string;
      readonly model: string;
      readonly running: string | null;
      readonly phase: string;
      readonly target: string;
      readonly reason: string;
      readonly nextAttemptAt: string | null;
    };

/** Remembers what was said, so that each change is one line and nothing is said twice. */
export class ChangeLines {
  readonly #said = new Map<string, string>();

  of(message: LiveMessage): ChangeLine[] {
    const at = iso(message.at);
    const lines = [
      ...(message.sites ?? []).map((site) => siteLine(site, at)),
      ...(message.rollouts ?? []).flatMap((rollout) => rolloutLines(rollout, at)),
      ...(message.phones ?? []).flatMap((phone) => phoneLine(phone, at)),
    ];
    return lines.filter(({ key, line }) => this.#isNews(key, line)).map(({ line }) => line);
  }

  #isNews(key: string, { at: _at, ...line }: ChangeLine): boolean {
    const text = JSON.stringify(line);
    if (this.#said.get(key) === text) return false;
    this.#said.set(key, text);
    return true;
  }
}

const iso = (at: number): string => new Date(at).toISOString();

const siteLine = (site: SiteView, at: string): { key: string; line: ChangeLine } => ({
  key: `site ${site.id}`,
  line: { kind: 'site', at, site: site.id, agent: site.agent.state },
});

function rolloutLines(rollout: RolloutView, at: string): { key: string; line: ChangeLine }[] {
  const { id, state, paused } = rollout;
  const waves = rollout.waves.map(({ name, state: waveState, done, failed, total, why }) => ({
    key: `wave ${id}/${name}`,
    line: {
      kind: 'wave' as const,
      at,
      rollout: id,
      wave: name,
      state: waveState,
      done,
      failed,
      total,
      why,
    },
  }));
  return [
    {
      key: `rollout ${id}`,
      line: { kind: 'rollout', at, rollout: id, state, reason: paused?.reason ?? null },
    },
    ...waves,
  ];
}

function phoneLine(phone: PhoneView, at: string): { key: string; line: ChangeLine }[] {
  const { work } = phone;
  if (!work) return [];
  const next = work.nextAttemptAt ? iso(work.nextAttemptAt) : null;
  const running = phone.running?.version ?? null;
  const { phase, target, reason } = work;
  const line: ChangeLine = {
    kind: 'phone',
    at,
    mac: phone.mac,
    site: phone.site,
    model: phone.model,
    running,
    phase,
    target,
    reason,
    nextAttemptAt: next,
  };
  return [{ key: phone.mac, line }];
}

/** The same for a reader at a terminal that cannot redraw: news only, counts when a wave changes its state. */
export class PlainLines {
  readonly #waves = new Map<string, string>();
  readonly #rollouts = new Map<string, string>();

  of(line: ChangeLine): string | undefined {
    const time = line.at.slice(11, 16);
    switch (line.kind) {
      case 'rollout': {
        const said = `${line.state}${line.reason ? `: ${line.reason}` : ''}`;
        return changed(this.#rollouts, line.rollout, said)
          ? `${time} rollout ${line.rollout} is ${said}`
          : undefined;
      }
      case 'wave': {
        const failed = line.failed > 0 ? `, ${line.failed} failed` : '';
        const text = `${time} wave ${line.wave} is ${line.state}: ${line.done} of ${line.total} done${failed}`;
        return changed(this.#waves, line.wave, line.state) ? text : undefined;
      }
      case 'site':
        return line.agent === 'away' ? undefined : `${time} agent of ${line.site} is ${line.agent}`;
      case 'phone':
        return FINAL.includes(line.phase)
          ? `${time} ${line.mac} (${line.model}, ${line.site}) is ${line.phase}: runs ${line.running ?? 'an unknown version'}`
          : undefined;
      default:
        return line satisfies never;
    }
  }
}

function changed(said: Map<string, string>, key: string, text: string): boolean {
  if (said.get(key) === text) return false;
  said.set(key, text);
  return true;
}

const FINAL = ['done', 'failed', 'skipped', 'rolled-back', 'unreachable'];
