import { createInterface } from 'node:readline';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { readBehaveLine, readPhonesConfig } from './core/phones-config.ts';
import { type PhoneCrowd, startCrowd } from './io/phone-crowd.ts';

// `node simulator/phones.ts`: the first line of standard input is a PhonesConfig, later lines change how one
// phone behaves. Standard output says `ready N phones`, then one event of a phone a line, as JSON. It ends, with
// every socket released, when its input ends or on SIGTERM.

let crowd: PhoneCrowd | undefined;
let isFirst = true;
const input = createInterface({ input: process.stdin });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(problems: readonly Problem[]): void {
  for (const { path, reason, nextStep } of problems) {
    process.stderr.write(`${path || 'the line'} ${reason}. ${nextStep}\n`);
  }
}

async function begin(line: string): Promise<void> {
  const read = readPhonesConfig(line);
  if ('problems' in read) {
    fail(read.problems);
    process.exitCode = 2;
    return input.close();
  }
  // Whoever started us waits for `ready` first: what phones do before the last one is on is told after it.
  let early: string[] | undefined = [];
  const tell = (line: string) => (early ? void early.push(line) : say(line));
  try {
    crowd = await startCrowd(read.value, (event) => tell(JSON.stringify(event)));
    say(`ready ${crowd.states().length} phones`);
    for (const line of early) say(line);
    early = undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fail([
      { path: 'phones', reason: `cannot start: ${reason}`, nextStep: 'Choose another sipPort.' },
    ]);
    process.exitCode = 1;
    input.close();
  }
}

function behave(line: string): void {
  const read = readBehaveLine(line);
  if ('problems' in read) return fail(read.problems);
  const { mac, habit } = read.value;
  if (crowd && !crowd.behave(mac, habit)) {
    fail([
      { path: 'mac', reason: `${mac} is no phone here`, nextStep: 'Name one of the first line.' },
    ]);
  }
}

let started: Promise<void> = Promise.resolve();
input.on('line', (line) => {
  if (isFirst) started = begin(line);
  else behave(line);
  isFirst = false;
});

async function end(): Promise<void> {
  await started;
  await crowd?.stop();
  crowd = undefined;
  // A pipe that stays open at its other end would keep the process alive.
  process.stdin.destroy();
}
input.on('close', () => void end());
process.on('SIGTERM', () => input.close());
process.on('SIGINT', () => input.close());
// Whoever read our lines is gone: there is nobody left to live for.
process.stdout.on('error', () => input.close());
