import type { Problem } from '@ringwave/protocol/views';
import { useEffect, useState } from 'react';
import { ask } from './api.ts';

// What a rollout would do, asked of the controller while somebody writes it; nothing is stored.

export interface Preview {
  readonly ok: boolean;
  readonly problems: Problem['problems'];
  /** Absent where what is asked for cannot be laid out at all. */
  readonly phones?: number;
  readonly sites?: number;
  readonly waves: readonly { readonly name: string; readonly phones: number }[];
  readonly leftOut: readonly {
    readonly mac: string;
    readonly site: string;
    readonly why: string;
  }[];
  readonly leftOutTotal: number;
}

/** Typed on: a question for each letter would be answered too late to matter. */
const previewAfterMs = 300;

/** Undefined until the first answer; `isOld` while a newer question is under way. */
export function usePreview(body: object | undefined): { preview?: Preview; isOld: boolean } {
  const [known, setKnown] = useState<{ text: string; preview: Preview }>();
  const text = body && JSON.stringify(body);
  useEffect(() => {
    if (text === undefined) return undefined;
    let isCurrent = true;
    const read = async () => {
      const answer = await ask<Preview>('POST', '/api/v1/rollouts/preview', JSON.parse(text));
      const preview = answer.ok ? answer.value : { ...nothing, problems: answer.problems };
      if (isCurrent) setKnown({ text, preview });
    };
    const timer = setTimeout(() => void read(), previewAfterMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text]);
  return { ...(known ? { preview: known.preview } : {}), isOld: known?.text !== text };
}

const nothing = { ok: false, waves: [], leftOut: [], leftOutTotal: 0 };

/** The number that very many phones are confirmed by; undefined where nobody wants it confirmed. */
export function numberToConfirm(problems: Problem['problems']): number | undefined {
  for (const { next } of problems) {
    const found = /confirmPhones: (\d+)/.exec(next)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}
