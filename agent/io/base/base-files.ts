import { Buffer } from 'node:buffer';
import type { LineFacts } from '@ringwave/firmware-catalog/vendors/line-facts';
import type { RenderedFile } from '@ringwave/firmware-catalog/vendors/profile';
import type { FaultCode } from '@ringwave/protocol/faults';
import { seconds } from '@ringwave/protocol/units';
import {
  type Composed,
  composed,
  hardened,
  holdsManaged,
} from '../../core/provisioning/managed.ts';
import {
  hidesSecrets,
  holdsCodes,
  holdsOthersSecrets,
} from '../../core/provisioning/secrets-in-text.ts';
import { isUtf16 } from '../../core/provisioning/utf16.ts';
import type { Asked, Served } from '../file-source.ts';
import { type BaseReader, isConfigName } from './base-file.ts';

/** One request for a file of a known phone. */
export interface OverBase {
  readonly asked: Asked;
  /** Undefined for a model that no line has. */
  readonly line: LineFacts | undefined;
  /** What the agent would serve by itself. */
  readonly ours: RenderedFile;
  /** Only the agent's own files name this one: no PBX has it. */
  readonly isOwnName: boolean;
  readonly maySecrets: boolean;
}

/** A file that is no configuration of the phone's own; with `hasSecrets` it may hold passwords. */
export type Further = (Served | Guarded) & { readonly hasSecrets?: true };

/** It holds secrets that this asker may not have now. */
export type Guarded = Extract<Composed, { kind: 'guarded' }>;

export interface BaseFilesParts {
  /** Undefined: the agent's own templates are the base. */
  readonly reader: BaseReader | undefined;
  readonly isHardened: boolean;
  /** Tells of a base that cannot be used, once an hour for each place. */
  alarm(fault: FaultCode, place: string, detail: string): void;
}

/** The files of a phone over the site's base. */
export class BaseFiles {
  readonly #parts: BaseFilesParts;

  constructor(parts: BaseFilesParts) {
    this.#parts = parts;
  }

  /** Whether the base may have files that the agent does not know. */
  get hasOthers(): boolean {
    return this.#parts.reader !== undefined;
  }

  /**
   * A configuration: the base with what is managed. Where there is none, and where it cannot be overlaid, the agent's
   * own file stands in if the phone keeps what a file leaves out; others keep what they have and ask again.
   */
  async config({ asked, line, ours, isOwnName, maySecrets }: OverBase): Promise<Served | Guarded> {
    const { reader, isHardened } = this.#parts;
    const own = () => bytes(isHardened && line ? hardened(ours.body, line) : ours.body, ours);
    if (!reader || isOwnName) return own();
    const instead = (reason: string): Served =>
      line?.absentValue === 'keeps' ? own() : { kind: 'later', reason };
    const language = line && line.config !== 'unknown' && { language: line.config };
    const base = await reader.read({ ...questionOf(asked), isConfig: true, ...language });
    if (base.kind === 'failed') {
      const { reason, isOther } = base;
      return this.#unusable(reason, isOther ? instead(reason) : { kind: 'later', reason });
    }
    if (base.kind === 'busy') return soon(base.reason);
    if (base.kind === 'absent') return line?.absentValue === 'keeps' ? own() : { kind: 'absent' };
    if (!line) return instead('the line of this model is unknown');
    const text = base.body.toString('latin1');
    if (isUtf16(text)) {
      const reason = inUtf16(asked);
      return this.#unusable(reason, instead(reason));
    }
    const by = { line, ours: ours.body, maySecrets, isHardened, isWhole: true };
    const made = composed(text, by);
    if (made.kind === 'guarded') return made;
    if (made.kind === 'composed') {
      return { ...bytes('', ours), body: Buffer.from(made.body, 'latin1') };
    }
    const reason = `${asked.path}: ${made.reason}`;
    return this.#unusable(reason, instead(reason));
  }

  /** Any other file of the phone, as the base has it, but for firmware and secrets in a configuration. */
  async other({
    asked,
    line,
    maySecrets,
  }: Pick<OverBase, 'asked' | 'line' | 'maySecrets'>): Promise<Further> {
    const { reader } = this.#parts;
    if (!reader) return { kind: 'absent' };
    const base = await reader.read({ ...questionOf(asked), isConfig: isConfigName(asked.path) });
    if (base.kind === 'absent') return base;
    // A phone that is told to come back for a picture may do so without end.
    const isNeeded = isConfigName(asked.path);
    if (base.kind === 'busy') return isNeeded ? soon(base.reason) : { kind: 'absent' };
    if (base.kind === 'failed') {
      const { reason } = base;
      return this.#unusable(reason, isNeeded ? { kind: 'later', reason } : { kind: 'absent' });
    }
    const served = {
      kind: 'bytes',
      body: base.body,
      contentType: base.contentType ?? 'application/octet-stream',
      noStore: true,
    } as const;
    const text = base.body.toString('latin1');
    if (isUtf16(text) || hidesSecrets(text))
      return this.#unusable(inUtf16(asked), { kind: 'absent' });
    const hasLanguage = line !== undefined && line.config !== 'unknown';
    // A zero stands in pictures, in codes in binary, and where a program wrote the end of its text as well.
    if (
      !hasLanguage ||
      (text.includes('\0') && !holdsCodes(text, line) && !holdsManaged(text, line))
    ) {
      if (!holdsOthersSecrets(text, line)) return served;
      return maySecrets ? { ...served, hasSecrets: true } : { kind: 'guarded' };
    }
    const made = composed(text, { line, ours: '', maySecrets, isHardened: false, isWhole: false });
    if (made.kind === 'composed') {
      const body = Buffer.from(made.body, 'latin1');
      return { ...served, body, ...(made.hasSecrets && ({ hasSecrets: true } as const)) };
    }
    return made.kind === 'guarded'
      ? made
      : this.#unusable(`${asked.path}: ${made.reason}`, { kind: 'absent' });
  }

  #unusable(detail: string, served: Served): Served {
    this.#parts.alarm('base-unusable', this.#parts.reader?.name ?? '', detail);
    return served;
  }
}

const inUtf16 = ({ path }: Asked): string =>
  `${path}: it is in UTF-16, in which nothing can be found. Save it as UTF-8`;

/** A provisioning server answers some hundred files a second: a floor of phones has its own by then. */
const soonAfter = seconds(5);

const soon = (reason: string): Served => ({ kind: 'later', reason, after: soonAfter });

const questionOf = ({ path, userAgent }: Asked) => ({
  path,
  ...(userAgent === undefined ? {} : { userAgent }),
});

const bytes = (body: string, { contentType }: RenderedFile) =>
  ({ kind: 'bytes', body: Buffer.from(body), contentType, noStore: true }) as const;
