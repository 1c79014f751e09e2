import { leadsElsewhere } from '@ringwave/agent/core/provisioning/names-of-phones';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { test } from 'tap';

const leads = (vendor: string, model: string, path: string): boolean => {
  const phone = { mac: '08:00:0f:00:00:01', vendor, model } as PlanPhone;
  const profile = profileOf(vendor);
  return profile !== undefined && leadsElsewhere(profile, phone, path);
};

test('a boot file of a PBX leads past this agent, and so does what makes a phone read encrypted files', (t) => {
  t.ok(leads('Yealink', 'T46S', '08000f000001.boot'));
  for (const [vendor, model] of [
    ['Mitel', '6867i'],
    ['Aastra', '6731i'],
  ] as const)
    for (const path of ['security.tuz', `${model}.tuz`, '08000F000001.tuz'])
      t.ok(leads(vendor, model, path), `${vendor} ${path}`);
  for (const path of ['cfg08000f000001', 'cfg08000f000001.bin']) {
    t.ok(leads('Grandstream', 'GXP2170', path), `${path} may name another server, before the XML`);
    t.ok(leads('Htek', 'UC926', 'cfg08000f000001'));
  }
  t.notOk(leads('Grandstream', 'GXP2170', 'cfg08000f000001.xml'));
  t.notOk(leads('Cisco', '7941', 'CTLSEP08000F000001.tlv'), 'nothing of it is made here');
  t.ok(leads('Mitel', '6867i', 'startup.tuz'));
  t.ok(leads('Aastra', '6731i', 'aastra.tuz'));
  for (const path of ['08000F000001.cfg', 'directory1.csv', 'ringtone.wav'])
    t.notOk(leads('Mitel', '6867i', path), path);
  t.end();
});
