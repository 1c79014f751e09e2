import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import type { AgentEvent } from '../../../agent/core/state.ts';
import {
  freeze,
  freezeReasonIn,
  lift,
  reasonCharactersMax,
  watchFreezeFile,
} from '../../../agent/io/freeze-file.ts';
import { HandClock } from '../../hand-clock.ts';
import { one } from '../core/box.ts';

test('a technician’s file is noticed within two seconds, with its reason, and so is its end', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-freeze-'));
  const clock = new HandClock(one);
  const told: AgentEvent[] = [];
  const watch = watchFreezeFile(folder, { clock, submit: (event) => told.push(event) });
  freeze(folder, 'wedding in the hall');
  clock.pass(2000);
  clock.pass(2000);
  lift(folder);
  clock.pass(2000);
  watch.close();
  freeze(folder, 'after the end');
  clock.pass(60_000);
  t.same(
    told.map((event) => event.kind === 'freeze-read' && event.reason),
    [null, 'wedding in the hall', null],
  );
  t.end();
});

test('an empty file freezes too, and a reason is one short line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-freeze-'));
  writeFileSync(join(folder, 'freeze'), '');
  t.equal(freezeReasonIn(folder), 'no reason given');
  writeFileSync(join(folder, 'freeze'), `first\nsecond\u0007 ${'x'.repeat(1000)}`);
  const reason = freezeReasonIn(folder) ?? '';
  t.match(reason, /^first second +x+$/);
  t.equal(reason.length, reasonCharactersMax);
  t.end();
});
