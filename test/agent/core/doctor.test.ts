import { doctorLines, type Finding, type Findings, firstToMend } from '@ringwave/agent/core/doctor';
import { test } from 'tap';

const well = (what: string): Finding => ({ what, state: 'well', said: 'fine' });
const all: Findings = { enrolment: well('enrolment'), disk: well('disk'), phones: well('phones') };

test('with all well the technician can leave', (t) => {
  t.equal(firstToMend(all), undefined);
  t.same(doctorLines(all), [
    'ok    enrolment: fine',
    'ok    disk: fine',
    'ok    phones: fine',
    'You can leave.',
  ]);
  t.end();
});

test('of several things that are wrong the one that others follow from is told', (t) => {
  const disk: Finding = { what: 'disk', state: 'wrong', said: 'full', fix: 'Free some.' };
  const phones: Finding = { what: 'phones', state: 'unknown', said: 'none seen', fix: 'Set DHCP.' };
  t.same(doctorLines({ phones, disk, enrolment: well('enrolment') }), [
    'ok    enrolment: fine',
    'WRONG disk: full',
    '?     phones: none seen',
    'Mend this first: Free some.',
  ]);
  t.equal(doctorLines({ ...all, phones }).at(-1), 'Mend this first: Set DHCP.');
  t.end();
});
