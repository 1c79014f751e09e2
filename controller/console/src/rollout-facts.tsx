import type { RolloutView } from '@ringwave/protocol/views';
import { Fact, When } from './parts.tsx';
import { proposersOf } from './verbs.ts';
import { URGENCY_WORDS } from './words.ts';

// Who proposed a rollout, who let it begin, and the terms under which it runs.

export function RolloutFacts({ rollout }: { rollout: RolloutView }) {
  const { releases, createdBy, createdAt, editedBy, contentHash } = rollout;
  return (
    <dl className="facts">
      <Fact name={releases.length === 1 ? 'Release' : 'Releases'}>
        {releases.map(({ id, vendor, version }) => (
          <span key={id} className="mono release">
            {vendor} {version}
          </span>
        ))}
        {rollout.kind === 'rollback' ? ' (a rollback)' : ''}
      </Fact>
      <Fact name="Proposed">
        by <b>{createdBy}</b>, <When at={createdAt} zone="UTC" />
        {editedBy === null ? null : (
          <>
            , changed by <b>{editedBy}</b>
          </>
        )}
      </Fact>
      <Fact name="Approval">
        <Approval rollout={rollout} />
      </Fact>
      <Fact name="Content">
        <code title={contentHash}>{contentHash.slice(0, 12)}</code>
      </Fact>
      <Terms rollout={rollout} />
    </dl>
  );
}

function Approval({ rollout }: { rollout: RolloutView }) {
  const { approvedBy, approvalRemark, brokeGlass, denied, state } = rollout;
  if (denied)
    return (
      <>
        denied by <b>{denied.who}</b>: {denied.remark}
      </>
    );
  if (brokeGlass !== null)
    return (
      <span className="warning">
        by <b>{approvedBy}</b> alone, who broke the glass: {brokeGlass}
      </span>
    );
  if (approvedBy !== null)
    return (
      <>
        by <b>{approvedBy}</b>
        {approvalRemark === null ? '' : `: ${approvalRemark}`}
      </>
    );
  if (state !== 'awaiting-approval') return <>never given</>;
  return (
    <>
      waits for another person than <b>{proposersOf(rollout).join(' or ')}</b>
    </>
  );
}

/** What else decides when and how it runs; what is as usual is not said. */
function Terms({ rollout }: { rollout: RolloutView }) {
  const { after, startAt, startedAt, endedAt, deadline, priority } = rollout;
  return (
    <>
      {after.length > 0 && startedAt === null ? (
        <Fact name="Begins after">{after.join(', ')}</Fact>
      ) : null}
      {startAt !== null && startedAt === null ? (
        <Fact name="Begins">
          not before <When at={startAt} zone="UTC" />
        </Fact>
      ) : null}
      {startedAt === null ? null : (
        <Fact name="Started">
          <When at={startedAt} zone="UTC" />
        </Fact>
      )}
      {endedAt === null ? null : (
        <Fact name="Ended">
          <When at={endedAt} zone="UTC" />
        </Fact>
      )}
      {deadline ? (
        <Fact name="Deadline">
          <When at={deadline.dueAt} zone="UTC" />, because of {deadline.because}
          {deadline.urgency === null || endedAt !== null
            ? ''
            : `: ${URGENCY_WORDS[deadline.urgency] ?? deadline.urgency}`}
        </Fact>
      ) : null}
      {priority === priorityUsually ? null : (
        <Fact name="Priority">
          {priority} (usually {priorityUsually}; the higher goes first on a phone)
        </Fact>
      )}
    </>
  );
}

/** Of a rollout that does not say. */
const priorityUsually = 500;
