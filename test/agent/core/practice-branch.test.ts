import { PROFILES } from '@ringwave/firmware-catalog/vendors/all';
import { decodePlan, encode } from '@ringwave/protocol/messages';
import { epochMs, mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import { practicePlan, practiceWishes } from '../../../agent/core/practice-branch.ts';

const plan = practicePlan(epochMs(1_800_000_000_000)!);

test('the plan of the practice is one that a controller could send', (t) => {
  const decoded = decodePlan(encode(plan));
  t.same(decoded, { ok: true, message: plan });
  t.end();
});

test('every phone of the practice is another one, and asks for the file that is its own', (t) => {
  const macs = new Set(plan.phones.map((phone) => phone.mac));
  t.equal(macs.size, plan.phones.length);
  const paths = [...practiceWishes()].map(({ path }) => path);
  const own = plan.phones.filter(({ mac: written, vendor }) => {
    const profile = PROFILES.find((one) => one.name === vendor);
    return paths.some((path) => {
      const asked = profile?.fileAsked(path);
      return asked?.kind === 'phone-config' && asked.mac === mac(written);
    });
  });
  t.equal(own.length, plan.phones.length);
  t.end();
});

test('phones of every maker that is served take part in the practice', (t) => {
  const vendors = new Set(plan.phones.map(({ vendor }) => vendor));
  const served = PROFILES.map(({ name }) => name);
  t.same(
    served.filter((vendor) => !vendors.has(vendor)),
    [],
  );
  t.end();
});

test('phones of the practice ask over TFTP as well, and with headers in more than four orders', (t) => {
  const wishes = [...practiceWishes()];
  t.ok(wishes.some(({ protocol }) => protocol === 'tftp'));
  const orders = new Set(wishes.map(({ headers }) => Object.keys(headers).join()));
  t.ok(orders.size > 4, 'an inline cache of four forms does not hold them');
  t.end();
});
