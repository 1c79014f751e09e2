import type { PhoneDetailView, PhoneView } from '@ringwave/protocol/views';
import type { LiveView } from './live-view.ts';
import { ModalDialog } from './modal-dialog.tsx';
import { Ago, Fact, Problems, State, When } from './parts.tsx';
import { NextAttempt } from './next-attempt.tsx';
import { PhoneChain } from './phone-chain.tsx';
import { compactMac, hashOf, useRoute } from './route.ts';
import { useDetail } from './use-detail.ts';
import { PHASE_SIGN, URGENCY_WORDS, VERDICT_SIGN } from './words.ts';

/** Why one phone is where it is, with the evidence it gave. The address names it. */
export function PhoneDrawer(props: { view: LiveView; compact: string; close: () => void }) {
  const { view, compact, close } = props;
  const phone = [...view.phones.values()].find((one) => compactMac(one.mac) === compact);
  const { detail, problems } = useDetail<PhoneDetailView>(`/api/v1/phones/${compact}`, phone);
  const shown = phone ?? detail;
  const zone = view.sites.get(shown?.site ?? '')?.zone ?? 'UTC';
  return (
    <ModalDialog
      kind="drawer"
      title={shown ? `${shown.vendor} ${shown.model}` : 'Phone'}
      close={close}
    >
      <Problems problems={problems} />
      {shown ? (
        <>
          <p className="mono drawer-mac">{shown.mac}</p>
          <Standing phone={shown} zone={zone} view={view} />
        </>
      ) : null}
      {detail ? <PhoneChain compact={compact} zone={zone} detail={detail} /> : null}
      {shown ? <Evidence phone={shown} zone={zone} view={view} /> : null}
      {detail ? <Verdicts detail={detail} /> : null}
    </ModalDialog>
  );
}

interface ShownProps {
  readonly phone: PhoneView;
  readonly zone: string;
  readonly view: LiveView;
}

function Standing({ phone, zone, view }: ShownProps) {
  const { work } = phone;
  if (!work) return <p>In no rollout.</p>;
  const deadline = work.waitingFor === undefined ? null : view.rollouts.get(work.rollout)?.deadline;
  const holds = view.sites.get(phone.site)?.holds ?? [];
  return (
    <section className={`standing tone-${PHASE_SIGN[work.phase].tone}`}>
      <p>
        <State sign={PHASE_SIGN[work.phase]} word={work.phase} />{' '}
        <span className="quiet">since </span>
        <When at={work.since} zone={zone} />
      </p>
      <p className="reason">{work.reason}</p>
      <dl className="facts">
        {work.waitingFor ? <Fact name="Waiting for">{work.waitingFor}</Fact> : null}
        {work.nextAttemptAt === undefined ? null : (
          <Fact name="Next attempt">
            <NextAttempt phone={phone} zone={zone} />
          </Fact>
        )}
        {work.attempt === undefined ? null : (
          <Fact name="Attempt">
            {work.attempt} of {work.attemptsMax}
          </Fact>
        )}
        {deadline ? (
          <Fact name="Deadline">
            <When at={deadline.dueAt} zone={zone} />
            {deadline.urgency === null
              ? ''
              : `: ${URGENCY_WORDS[deadline.urgency] ?? deadline.urgency}`}
          </Fact>
        ) : null}
        {holds.map((hold) => (
          <Fact key={hold.hold} name="Site hold">
            {hold.reason}
            {hold.until === null ? null : (
              <>
                , until <When at={hold.until} zone={zone} /> at least
              </>
            )}
          </Fact>
        ))}
        {work.fault ? <Fact name="Fault">{work.fault}</Fact> : null}
        {work.advice ? <Fact name="What to do">{work.advice}</Fact> : null}
      </dl>
    </section>
  );
}

function Evidence({ phone, zone, view }: ShownProps) {
  const { running, work, credential, drift } = phone;
  return (
    <section>
      <h3>Evidence</h3>
      <dl className="facts">
        <Fact name="Running">
          {running ? (
            <>
              <span className="mono">{running.version}</span>, shown by {running.source}{' '}
              <When at={running.at} zone={zone} />
            </>
          ) : (
            'unknown: the phone has never shown a version'
          )}
        </Fact>
        {drift ? (
          <Fact name="Drifted">
            <span className="warning">
              was brought to <span className="mono">{drift.from}</span>, shows{' '}
              <span className="mono">{drift.to}</span>
            </span>{' '}
            since <When at={drift.at} zone={zone} />
          </Fact>
        ) : null}
        {work ? (
          <Fact name="Target">
            <span className="mono">{work.target}</span>
          </Fact>
        ) : null}
        <Fact name="Last request">
          {phone.seenAt === null ? (
            'never seen'
          ) : (
            <>
              <When at={phone.seenAt} zone={zone} />
              {phone.address ? <span className="mono"> from {phone.address}</span> : null}
            </>
          )}
        </Fact>
        {phone.claimsModel ? (
          <Fact name="Says it is">{phone.claimsModel}, which is not what the inventory says</Fact>
        ) : null}
        <Fact name="Credential">
          {credential ? (
            <>
              generation {credential.generation}
              {credential.state === 'proven' ? null : `, ${credential.state} and not proven`}
              {credential.provenAt === null ? null : (
                <>
                  , {credential.state === 'proven' ? 'proven' : 'the one in use proven'}{' '}
                  <Ago at={credential.provenAt} />
                </>
              )}
            </>
          ) : (
            'none of its own yet'
          )}
        </Fact>
        <Inventory phone={phone} zone={zone} view={view} />
      </dl>
    </section>
  );
}

/** What people say of it. */
function Inventory({ phone, zone, view }: ShownProps) {
  const site = view.sites.get(phone.site);
  return (
    <>
      <Fact name="Site">
        {site?.name ?? phone.site} ({zone})
      </Fact>
      {phone.extension ? <Fact name="Extension">{phone.extension}</Fact> : null}
      {phone.hardware ? <Fact name="Hardware">{phone.hardware}</Fact> : null}
      {phone.coverageGroup ? <Fact name="Coverage group">{phone.coverageGroup}</Fact> : null}
      {phone.switch ? <Fact name="Switch">{phone.switch}</Fact> : null}
      {phone.pair ? <Pair phone={phone} view={view} /> : null}
      {phone.emergency ? (
        <Fact name="Emergency phone">yes: updated last, one at a time</Fact>
      ) : null}
    </>
  );
}

/** The others that it stands in for: they are never down at once, and shall end on one version. */
function Pair({ phone, view }: { phone: PhoneView; view: LiveView }) {
  const route = useRoute();
  const others = [...view.phones.values()].filter(
    (one) => one.site === phone.site && one.pair === phone.pair && one.mac !== phone.mac,
  );
  return (
    <Fact name="Pair">
      {phone.pair}
      {others.length === 0 ? ', alone in it' : ', never down at once with '}
      {others.map((one) => (
        <span key={one.mac} className="partner">
          <a className="mono" href={hashOf({ ...route, phone: compactMac(one.mac) })}>
            {one.mac}
          </a>{' '}
          {one.work ? <State sign={PHASE_SIGN[one.work.phase]} word={one.work.phase} /> : null}
        </span>
      ))}
    </Fact>
  );
}

function Verdicts({ detail }: { detail: PhoneDetailView }) {
  return (
    <section>
      <h3>Compliance</h3>
      <ul className="verdicts">
        {detail.verdicts.map(({ rule, verdict, evidence, at }) => (
          <li key={rule}>
            <State sign={VERDICT_SIGN[verdict]} word={verdict} /> <b>{rule}</b>
            <br />
            <span>
              {evidence}
              {at === null ? null : (
                <span className="quiet">
                  {' '}
                  (<Ago at={at} />)
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
