import type { Served } from './file-source.ts';

/** A file that every agent gives to whoever asks: `doctor` reads it as a phone would. */
export const checkPath = 'ringwave-agent-check.txt';

/** It says nothing that the port itself does not. */
export const checkText = 'This is a Ringwave agent.\n';

export const checkAnswer: Served = {
  kind: 'bytes',
  body: Buffer.from(checkText),
  contentType: 'text/plain',
  noStore: true,
};
