import type { Registration } from '../../core/pbx/registration.ts';
import type { WayAnswer } from '../../core/wake/ways.ts';

/** What any PBX is asked. Nothing here rejects: a PBX that cannot be reached knows nothing. */
export interface Pbx {
  /** For people: `asterisk 10.0.0.2:5038`. */
  readonly name: string;
  /** Phones register there only where the others are gone: while it is down it has no calls of those that another one has. */
  readonly isStandby?: boolean;
  /** 'accepted' says that the PBX took it and addressed one contact. */
  notify(ask: PbxNotify): Promise<WayAnswer>;
  /**
   * Which of these are in a call. Strangers are missing: no one is registered here by that name, so that a call of the phone would
   * go by another one. Undefined where the PBX could not be asked, absent where it tells of no calls.
   */
  extensionsInCall?(
    extensions: readonly string[],
  ): Promise<ReadonlyMap<string, boolean> | undefined>;
  /** Whether some channel has dialled one of these numbers; undefined where the PBX cannot say it. */
  emergencyCall(numbers: readonly string[]): Promise<boolean | undefined>;
  /**
   * What is dialled from now on, as far as the PBX tells of it by itself, which it does over a connection that a question has
   * made. Absent where it tells of no calls.
   */
  followDialled?(heard: (numbers: readonly string[]) => void): void;
  /** Where the extension is registered; undefined where the PBX could not be asked. */
  registrations(extension: string): Promise<readonly Registration[] | undefined>;
  close(): void;
}

type TellsCalls = Pbx & Required<Pick<Pbx, 'extensionsInCall'>>;

export const tellsCalls = (pbx: Pbx): pbx is TellsCalls => pbx.extensionsInCall !== undefined;

/** Of one extension; undefined where the PBX could not be asked. */
export async function callOf(
  pbx: TellsCalls,
  extension: string,
): Promise<boolean | 'stranger' | undefined> {
  const calls = await pbx.extensionsInCall([extension]);
  return calls && (calls.get(extension) ?? 'stranger');
}

/** Of those that are registered, or in a call. `registered` is asked only where somebody is in none. */
export async function callsOf(
  extensions: readonly string[],
  inCall: ReadonlySet<string>,
  registered: () => Promise<ReadonlySet<string> | undefined>,
): Promise<ReadonlyMap<string, boolean> | undefined> {
  const isAllBusy = extensions.every((one) => inCall.has(one));
  const known = isAllBusy ? inCall : await registered();
  if (!known) return undefined;
  const told = extensions.filter((one) => inCall.has(one) || known.has(one));
  return new Map(told.map((one) => [one, inCall.has(one)]));
}

export interface PbxNotify {
  readonly extension: string;
  readonly event: string;
  readonly body?: string;
  /** Where this one phone was seen last. */
  readonly address: string;
}
