import { test } from 'tap';
import { Renewals } from '../../../../agent/core/pbx/renewals.ts';
import { after, one } from '../box.ts';

const place = { address: '10.0.0.7', port: 5062 };
const listed = (mark: string) => [{ ...place, mark }];

test('a registration that was only ever seen so was renewed at no known time', (t) => {
  const renewals = new Renewals();
  t.same(renewals.listed('101', listed('a'), one), [place]);
  t.same(renewals.listed('101', listed('a'), after(5)), [place]);
  t.end();
});

test('one that is another than at the last look was renewed after it', (t) => {
  const renewals = new Renewals();
  renewals.listed('101', listed('a'), one);
  renewals.listed('101', listed('a'), after(2));
  t.same(renewals.listed('101', listed('b'), after(5)), [{ ...place, refreshedAt: after(2) }]);
  t.same(renewals.listed('101', listed('b'), after(9)), [{ ...place, refreshedAt: after(2) }]);
  const other = { ...place, port: 5063 };
  t.same(
    renewals.listed('101', [{ ...other, mark: 'c' }], after(10)),
    [{ ...other, refreshedAt: after(9) }],
    'and so was one that was not there',
  );
  t.same(renewals.listed('102', listed('b'), after(10)), [place], 'each extension for itself');
  t.end();
});

test('what the registrar tells when it happens is the exact instant', (t) => {
  const renewals = new Renewals();
  renewals.listed('101', listed('a'), one);
  renewals.told('101', place, after(3));
  t.same(renewals.listed('101', listed('a'), after(4)), [{ ...place, refreshedAt: after(3) }]);
  t.same(renewals.listed('101', listed('b'), after(5)), [{ ...place, refreshedAt: after(4) }]);
  t.end();
});
