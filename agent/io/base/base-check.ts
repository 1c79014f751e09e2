import { resolve } from 'node:path';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { PlanPhone } from '@ringwave/protocol/messages';
import type { Mac } from '@ringwave/protocol/units';
import type { BaseSource } from '../../core/provisioning/base.ts';
import { type Answered, askUpstream, reasonOf } from './ask-upstream.ts';
import type { BaseAsked, BaseReader } from './base-file.ts';
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
    const paths = phones.flatMap(ownFileOf).slice(0, phonesAsked);
    return source.kind === 'folder'
      ? await checkFolder({ ...source, folder: resolve(startedIn, source.folder) }, paths)
      : await checkUpstream(source, paths);
  } catch (error) {
    if (!(error instanceof CliFault)) throw error;
    return { state: 'wrong', said: error.message, fix: `Correct ${file}.` };
  }
}

const ownFileOf = ({ vendor, model, mac }: PlanPhone): string[] => {
  const files = profileOf(vendor)?.bootFiles({ mac: mac as Mac, model }) ?? [];
  const own = files.find(({ means }) => means === 'phone-config');
  return own ? [own.path.replace(/^\//, '')] : [];
};

async function checkFolder(
  { folder, anyCase }: Extract<BaseSource, { kind: 'folder' }>,
  paths: readonly string[],
): Promise<BaseState> {
  const reader = await BaseFolder.open(folder, anyCase).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (reader instanceof Error) {
    const said = `${folder} cannot be read (${reader.code ?? reader.message})`;
    return { state: 'wrong', said, fix: `Make the folder ${folder} readable for the agent.` };
  }
  const read = (path: string): ReturnType<BaseReader['read']> =>
    reader.read({ path, isConfig: true });
  for (const path of paths) {
    const found = await read(path);
    if (found.kind === 'failed')
      return { state: 'wrong', said: found.reason, fix: `Mend that file in ${folder}.` };
    if (found.kind === 'found') return { state: 'well', said: `${path} read from ${folder}` };
  }
  return nothingOf(folder, paths);
}

async function checkUpstream(
  source: Extract<BaseSource, { kind: 'upstream' }>,
  paths: readonly string[],
): Promise<BaseState> {
  const { host } = new URL(source.url);
  if (paths.length === 0) {
    const answer = await asked(source, { path: '', isConfig: false });
    return answer.kind === 'down' ? wrong(answer.reason, source.url) : nothingOf(host, paths);
  }
  for (const path of paths) {
    const answer = await asked(source, { path, isConfig: true });
    if (answer.kind === 'found') return { state: 'well', said: `${host} gave ${path}` };
    if (answer.kind !== 'absent') return wrong(answer.reason, source.url);
  }
  return nothingOf(host, paths);
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
const nothingOf = (name: string, paths: readonly string[]): BaseState =>
  paths.length === 0
    ? { state: 'well', said: `${name} answers; no phone is here to ask for` }
    : {
        state: 'unknown',
        said: `${name} has no ${paths.join(', ')}`,
        fix: `Check the path of the base in the file of --provisioning, and that the PBX knows these phones.`,
      };
