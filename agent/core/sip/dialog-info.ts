// What application/dialog-info+xml says about calls (RFC 4235). Whatever arrives gives an answer.
import { childrenOf, isElement, readXml, textIn } from '@ringwave/firmware-catalog/xml-document';

/** 'unknown' where the document does not prove that there is no call. */
export type CallState = 'idle' | 'in-call' | 'unknown';

/** Characters; a document of eight lines in calls has some 6,000. */
const documentCharactersMax = 65_536;

/**
 * Any dialog that has not ended is a call, also one that rings: a phone that restarts then loses it. Only a full
 * document without such a dialog says that the phone is idle; a partial one tells what changed, not what is.
 */
export function callStateOf(document: string): CallState {
  if (document.length > documentCharactersMax) return 'unknown';
  const [root] = childrenOf(readXml(document), 'dialog-info');
  if (!isElement(root)) return 'unknown';
  const states = childrenOf(root, 'dialog').map((dialog) => stateOf(dialog));
  if (states.some((state) => CALLING.has(state))) return 'in-call';
  const isWhole = root['@state'] === 'full' && states.every((state) => state === 'terminated');
  return isWhole ? 'idle' : 'unknown';
}

/** The numbers at the other end of dialogs that have not ended: the user part of `sip:112@pbx`, and of `tel:112`. */
export function remoteNumbersOf(document: string): readonly string[] {
  if (document.length > documentCharactersMax) return [];
  const [root] = childrenOf(readXml(document), 'dialog-info');
  if (!isElement(root)) return [];
  const calling = childrenOf(root, 'dialog').filter((dialog) => CALLING.has(stateOf(dialog)));
  return calling.flatMap((dialog) =>
    childrenOf(dialog, 'remote').flatMap((remote) => {
      const targets = childrenOf(remote, 'target').map((one) =>
        isElement(one) ? one['@uri'] : '',
      );
      const uris = [textIn(remote, 'identity'), ...targets].map(String);
      return uris.flatMap((uri) => /^(?:sips?|tel):([^@;>\s]{1,32})/i.exec(uri.trim())?.[1] ?? []);
    }),
  );
}

const stateOf = (dialog: unknown): string => textIn(dialog, 'state').toLowerCase();

/** RFC 4235 section 3.7.1. */
const CALLING: ReadonlySet<string> = new Set(['trying', 'proceeding', 'early', 'confirmed']);
