import { resolve } from 'node:path';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { PlanPhone } from '@ringwave/protocol/messages';
import type { Mac } from '@ringwave/protocol/units';
import type { BaseSource } from '../../core/provisioning/base.ts';
import { givenInstead } from '../../core/provisioning/base-flaws.ts';
import { type Answered, askUpstream, reasonOf } from './ask-upstream.ts';
import type { BaseAsked } from './base-file.ts';
import { BaseFolder } from './base-folder.ts';
import { openBaseSettings } from './base-settings-file.ts';
import { upstreamLimits } from './upstream.ts';

/** What `ringwave-agent doctor` found of the base; `fix` where it is not well. */
export interface BaseState {
  readonly state: 'well' | 'wrong' | 'unknown';
  readonly said: string;
  readonly fix?: string;
}

/** The file of `--provisioning`, and where the agent was started: a folder in it may be relative. */
export interface BaseTold {
  readonly file: string;
  readonly startedIn: string;
}

/** Phones whose files are asked for. */
const phonesAsked = 3;

/** Undefined where the agent's own templates are the base. Asks as phones do, and keeps nothing. */
export async function checkBase(
  { file, startedIn }: BaseTold,
  phones: readonly PlanPhone[],
): Promise<BaseState | undefined> {
  try {
    const { source } = openBaseSettings(file);
    if (source.kind === 'template') return undefined;
    const files = phones.flatMap(ownFileOf).slice(0, phonesAsked);
    return source.kind === 'folder'
      ? await checkFolder({ ...source, folder: resolve(startedIn, source.folder) }, files)
      : await checkUpstream(source, files);
  } catch (error) {
    if (!(error instanceof CliFault)) throw error;
    return { state: 'wrong', said: error.message, fix: `Correct ${file}.` };
  }
}

const ownFileOf = ({ vendor, model, mac }: PlanPhone): BaseAsked[] => {
  const profile = profileOf(vendor);
  const files = profile?.bootFiles({ mac: mac as Mac, model }) ?? [];
  const own = files.find(({ means }) => means === 'phone-config');
  const config = profile?.lines.find(({ hasModel }) => hasModel(model))?.config ?? 'unknown';
  const language = config === 'unknown' ? {} : { language: config };
  return own ? [{ path: own.path.replace(/^\//, ''), isConfig: true, ...language }] : [];
};

async function checkFolder(
  { folder, anyCase }: Extract<BaseSource, { kind: 'folder' }>,
  files: readonly BaseAsked[],
): Promise<BaseState> {
  const reader = await BaseFolder.open(folder, anyCase).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (reader instanceof Error) {
    const said = `${folder} cannot be read (${reader.code ?? reader.message})`;
    return { state: 'wrong', said, fix: `Make the folder ${folder} readable for the agent.` };
  }
  const fix = `Mend that file in ${folder}.`;
  for (const file of files) {
    const found = await reader.read(file);
    if (found.kind === 'failed') return { state: 'wrong', said: found.reason, fix };
    if (found.kind !== 'found') continue;
    const { path, language } = file;
    const instead = givenInstead(found.body.toString('latin1'), language);
    return instead === undefined
      ? { state: 'well', said: `${path} read from ${folder}` }
      : { state: 'wrong', said: `${path} in ${folder} is ${instead}`, fix };
  }
  return nothingOf(folder, files);
}

async function checkUpstream(
  source: Extract<BaseSource, { kind: 'upstream' }>,
  files: readonly BaseAsked[],
): Promise<BaseState> {
  const { host } = new URL(source.url);
  if (files.length === 0) {
    const answer = await asked(source, { path: '', isConfig: false });
    return answer.kind === 'down' ? wrong(answer.reason, source.url) : nothingOf(host, files);
  }
  for (const file of files) {
    const answer = await asked(source, file);
    if (answer.kind === 'found') return { state: 'well', said: `${host} gave ${file.path}` };
    if (answer.kind !== 'absent') return wrong(answer.reason, source.url);
  }
  return nothingOf(host, files);
}

const asked = (
  source: Extract<BaseSource, { kind: 'upstream' }>,
  question: BaseAsked,
): Promise<Answered> => {
  const { answerWithin } = upstreamLimits;
  return askUpstream(source, question, answerWithin).catch((error: unknown) => ({
    kind: 'down',
    reason: `${new URL(source.url).host} ${reasonOf(error, answerWithin)}`,
  }));
};

const wrong = (said: string, url: string): BaseState => ({
  state: 'wrong',
  said,
  fix: `Let ${url} give this box the files of phones: its address, its login, the firewall between.`,
});

/** It is there; whether it knows phones is not shown where there is none, or where it has none of their files. */
const nothingOf = (name: string, files: readonly BaseAsked[]): BaseState =>
  files.length === 0
    ? { state: 'well', said: `${name} answers; no phone is here to ask for` }
    : {
        state: 'unknown',
        said: `${name} has no ${files.map(({ path }) => path).join(', ')}`,
        fix: `Check the path of the base in the file of --provisioning, and that the PBX knows these phones.`,
      };
