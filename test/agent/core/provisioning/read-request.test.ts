import { test } from 'tap';
import { firmwareFor, readRequest } from '../../../../agent/core/provisioning/read-request.ts';
import { Box, planOf, planPhone, workOf } from '../box.ts';

const meaningOf = (vendor: string, model: string, path: string, userAgent?: string) => {
  const phone = planPhone(1, { vendor, model, mac: '0c:38:3e:00:00:01' });
  const { tables } = new Box().take({ kind: 'plan-came', plan: planOf([phone]) });
  const protocol = 'http' as const;
  return readRequest(tables, { protocol, path, ...(userAgent ? { userAgent } : {}) });
};

test('a phone of a maker that is not served gets no other maker’s file of the same name', (t) => {
  const agent = 'Fanvil X6U Pro 2.12.16.13 0c383e000001';
  const fanvil = meaningOf('Fanvil', 'X6U Pro', '0c383e000001.cfg', agent);
  t.match(fanvil, { kind: 'absent', phone: { vendor: 'Fanvil' } }, 'it is known all the same');
  t.match(meaningOf('Fanvil', 'X6U Pro', '0c383e000001.cfg'), { kind: 'absent' });
  t.match(meaningOf('Sangoma', 'S500', 'cfg0c383e000001.xml'), { kind: 'absent' });
  t.match(
    meaningOf('Yealink', 'T46S', '0c383e000001.cfg'),
    { kind: 'phone-config', profile: { name: 'Yealink' } },
    'a name that the phone’s own maker uses is its file',
  );
  t.end();
});

test('a name that many makers use is the file of the maker whose phone is planned', (t) => {
  t.match(meaningOf('Gigaset', 'N870 IP PRO', '0c383e000001.xml'), {
    kind: 'phone-config',
    profile: { name: 'Gigaset' },
  });
  t.match(meaningOf('Linksys', 'SPA942', '0c383e000001.xml'), {
    kind: 'phone-config',
    profile: { name: 'Linksys' },
  });
  t.end();
});

test('the firmware of a slot is told with the length of its image, which decides how some phones are told of it', (t) => {
  const phone = planPhone(1);
  const { tables } = new Box().take({ kind: 'plan-came', plan: planOf([phone]) });
  const [release] = planOf([]).releases;
  const [image] = release?.images ?? [];
  t.equal(firmwareFor(tables, phone), undefined, 'outside the slot none is named');
  tables.work.set(phone.mac, workOf(1, { phase: 'offered' }));
  t.same(firmwareFor(tables, phone), {
    version: release?.version,
    folder: 'fw/805ec0000001/target',
    fileName: image?.fileName,
    lengthBytes: image?.lengthBytes,
  });
  t.end();
});
