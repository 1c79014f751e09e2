// sipp plays the phone: it checks the NOTIFY's digest with its own code, and answers as phones do.
import { epochMs } from '@ringwave/protocol/units';
import { fastClock, wallClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { SipSocket, type WakeOutcome } from '../../agent/io/sip-socket.ts';
import { needs } from './peer.ts';
import { answer, asked, scenario, startSipp } from './sipp.ts';

const notify = (inside = '') => asked('NOTIFY', inside);

const eventIsRight =
  '<action><ereg regexp="check-sync;reboot=true" search_in="hdr" header="Event:" check_it="true" assign_to="1"/></action>';

const challenging = scenario(
  notify(eventIsRight),
  answer(
    '401 Unauthorized',
    'WWW-Authenticate: Digest realm="phone", nonce="47364c23432d2e131a5fb210812c", qop="auth", algorithm=MD5\n',
  ),
  notify('<action><verifyauth assign_to="2" username="phone" password="secret"/></action>'),
  '<nop test="2" next="1"/>',
  answer('403 Forbidden').replace('<send>', '<send next="2">'),
  '<label id="1"/>',
  answer('200 OK'),
  '<label id="2"/>',
  '<Reference variables="1"/>',
);

/** Runs one scenario as a phone and wakes it; `speed` of the clock that the NOTIFY waits on. */
async function wakeSipp(
  t: Test,
  text: string,
  options: { speed?: number; password?: string } = {},
): Promise<{ outcome: WakeOutcome; status: number }> {
  const { port, ended } = await startSipp(t, text);
  const wallStartedAt = epochMs(Date.now())!;
  const { speed, password = 'secret' } = options;
  const clock = speed ? fastClock({ speed, startedAt: wallStartedAt, wallStartedAt }) : wallClock();
  const sip = await SipSocket.open({ host: '127.0.0.1', port: 0, clock });
  t.teardown(() => sip.close());
  const outcome = await sip.notify({
    address: '127.0.0.1',
    port,
    user: '101',
    event: 'check-sync;reboot=true',
    login: { user: 'phone', password },
  });
  return { outcome, status: await ended };
}

test('sipp challenges the NOTIFY and finds its digest right', async (t) => {
  if (!needs(t, 'sipp')) return;
  t.same(await wakeSipp(t, challenging), { outcome: { kind: 'accepted', status: 200 }, status: 0 });
});

test('sipp finds a digest of another password wrong', async (t) => {
  if (!needs(t, 'sipp')) return;
  const { outcome } = await wakeSipp(t, challenging, { password: 'other' });
  t.match(outcome, { kind: 'refused', status: 403 });
});

test('sipp answers busy, bad event, and nothing', async (t) => {
  if (!needs(t, 'sipp')) return;
  const said = async (...steps: string[]) => (await wakeSipp(t, scenario(...steps))).outcome;
  t.match(await said(notify(), answer('486 Busy Here')), { kind: 'busy', status: 486 });
  t.match(await said(notify(), answer('489 Bad Event')), { kind: 'refused', status: 489 });
  // Twenty times as fast, so that 32 s of silence are 1.6 s.
  const nothing = scenario(notify(eventIsRight), '<Reference variables="1"/>');
  t.match(await wakeSipp(t, nothing, { speed: 20 }), { outcome: { kind: 'silent' }, status: 0 });
});
