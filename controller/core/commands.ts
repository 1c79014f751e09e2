import { nearest } from '@ringwave/protocol/nearest';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit, nextCount } from './audit.ts';
import { putAdvisory } from './claim-commands.ts';
import { putAnnouncements, takeFeedRun } from './feed-commands.ts';
import { takeAll } from './desired-state.ts';
import { putPhones, removePhone } from './phone-commands.ts';
import { takePlannedFreeze } from './planned-freeze.ts';
import { takePolicyCommand } from './policy.ts';
import { conflict, invalid, notFound, refused, siteIds, taken } from './refusal.ts';
import { freezeSite } from './site-freeze.ts';
import { forgetSite } from './site-tables.ts';
import type { TokenRecord } from './enrolment.ts';
import { moveRelease, putModelEnd, putRelease } from './release-commands.ts';
import { isRolloutCommand, takeRolloutCommand } from './rollout-verbs.ts';
import {
  type Command,
  type CommandResult,
  type ControllerDraft,
  type Refusal,
  type Site,
} from './state.ts';
import { joinDynamicWaves } from './wave-joining.ts';
import type { Moved } from './wave-release.ts';
import { blackoutProblem, isZone, neverOpens, windowProblem } from './window.ts';

// What people ask for. A command is taken whole or refused whole, with every reason at once.

export function takeCommand(
  draft: ControllerDraft,
  command: Command,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  if (isRolloutCommand(command)) return takeRolloutCommand(draft, command, who, now, moved);
  switch (command.kind) {
    case 'site-put':
      return together(putSite(draft, command.site, who, now, moved), groupsGone(draft, command));
    case 'site-remove':
      return removeSite(draft, command.site, who, now);
    case 'site-freeze':
      return freezeSite(draft, command, who, now, moved);
    case 'freeze-put':
    case 'freeze-remove':
      return takePlannedFreeze(draft, command, who, now, moved);
    case 'phones-put':
      return putPhones(draft, command.phones, who, now, moved);
    case 'phone-remove':
      return removePhone(draft, command.mac, who, now, moved);
    case 'release-put':
      return putRelease(draft, command, who, now);
    case 'release-move':
      return moveRelease(draft, command, who, now, moved);
    case 'model-end-put':
      return putModelEnd(draft, command.end, who, now);
    case 'advisory-put':
      return putAdvisory(draft, command.advisory, who, now);
    case 'feed-run':
      return takeFeedRun(draft, command, who, now);
    case 'announcements-put':
      return putAnnouncements(draft, command, who, now);
    case 'policy-put':
    case 'policy-remove':
    case 'policy-approve':
    case 'policy-propose':
      return takePolicyCommand(draft, command, who, now);
    case 'desired-state':
      return takeDesired(draft, command, who, now, moved);
    case 'token-mint':
      return mintToken(draft, command.record, who, now);
    case 'agent-enrol':
      return enrol(draft, command, now);
    case 'halt':
      return haltAll(draft, command, who, now);
    default:
      return command satisfies never;
  }
}

/** A group may go whose phones come to another one by the same files. */
function takeDesired(
  draft: ControllerDraft,
  { commands }: Extract<Command, { kind: 'desired-state' }>,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const all = takeAll(commands, (one) =>
    one.kind === 'site-put'
      ? putSite(draft, one.site, who, now, moved)
      : takeCommand(draft, one, who, now, moved),
  );
  const gone = commands.flatMap((one) => (one.kind === 'site-put' ? groupsGone(draft, one) : []));
  return together(all, gone);
}

const together = (result: CommandResult, more: readonly Refusal[]): CommandResult =>
  more.length === 0 ? result : refused(...(result.ok ? [] : result.refusals), ...more);

function haltAll(
  draft: ControllerDraft,
  { halted, reason }: Extract<Command, { kind: 'halt' }>,
  who: string,
  now: EpochMs,
): CommandResult {
  draft.halt.put('halt', { kind: 'halt', counter: nextCount(draft, 'halt'), halted, reason });
  const what = halted ? 'all sites halted' : 'halt lifted';
  audit(draft, { at: now, who, what, object: 'fleet', detail: reason });
  return taken;
}

function putSite(
  draft: ControllerDraft,
  site: Site,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const problems = [...calendarProblems(site, now), ...doubledGroups(site)];
  if (problems.length > 0) return refused(...problems);
  draft.sites.put(site.id, site);
  if (!draft.rosters.has(site.id)) draft.rosters.put(site.id, []);
  audit(draft, { at: now, who, what: 'site stored', object: site.id });
  moved.sites.add(site.id);
  // Phones may be selected by the labels, the name or the zone of their site.
  joinDynamicWaves(draft, draft.rosters.get(site.id) ?? [], now, moved);
  return taken;
}

const ruleExample = '{"days":["mon"],"start":"02:00","end":"05:00"}';

function calendarProblems(site: Site, now: EpochMs): Refusal[] {
  const { id, zone, windows, blackout } = site;
  const thing = `site ${id}`;
  const problems: Refusal[] = [];
  if (!isZone(zone)) {
    const hint = nearest(zone, Intl.supportedValuesOf('timeZone'));
    const next = hint ? `Did you mean ${hint}?` : 'Give an IANA zone such as Europe/Lisbon.';
    problems.push(invalid(`${thing}: zone`, `"${zone}" is not an IANA time zone`, next));
  }
  for (const [place, rule] of windows.entries()) {
    const problem = windowProblem(rule);
    const next = `Correct the rule, for example ${ruleExample}.`;
    if (problem) problems.push(invalid(`${thing}: windows[${place}]`, problem, next));
  }
  for (const [place, day] of blackout.entries()) {
    const reason = blackoutProblem(day);
    if (reason === undefined) continue;
    const next = 'Correct it, for example 2026-12-24, 2026-12-24/2027-01-03 or 12-25.';
    problems.push(invalid(`${thing}: blackout[${place}]`, reason, next));
  }
  if (problems.length === 0 && neverOpens(site, now)) {
    const reason = 'leave the site no opening within a year';
    problems.push(invalid(`${thing}: windows and blackout`, reason, 'Take days out of blackout.'));
  }
  return problems;
}

/** A group that vanished would keep nothing up, without a word, and of two of one name the first would count. */
const doubledGroups = ({ id, coverage }: Site): Refusal[] =>
  coverage.flatMap((one, place) =>
    coverage.findIndex(({ id: other }) => other === one.id) < place
      ? [
          invalid(
            `site ${id}: coverage[${place}]`,
            `is group ${one.id} again`,
            'Keep one of the two.',
          ),
        ]
      : [],
  );

function groupsGone(
  draft: ControllerDraft,
  { site: { id, coverage } }: Extract<Command, { kind: 'site-put' }>,
): Refusal[] {
  const lacking = new Map<Id, number>();
  for (const mac of draft.rosters.get(id) ?? []) {
    const group = draft.phones.get(mac)?.coverageGroup;
    if (!group || coverage.some((one) => one.id === group)) continue;
    lacking.set(group, (lacking.get(group) ?? 0) + 1);
  }
  return [...lacking].map(([group, phones]) => {
    const reason = `lacks group ${group}, which ${phones} of its phones name`;
    const next = 'Keep the group, or change those phones first.';
    return conflict(`site ${id}: coverage`, reason, next);
  });
}

function removeSite(draft: ControllerDraft, site: Id, who: string, now: EpochMs): CommandResult {
  if (!draft.sites.has(site)) return refused(notFound('site', site, siteIds(draft)));
  const count = draft.rosters.get(site)?.length ?? 0;
  if (count > 0)
    return refused(
      conflict(`site ${site}`, `still has ${count} phones`, 'Move or remove its phones first.'),
    );
  for (const table of [draft.sites, draft.rosters, draft.plans, draft.agents]) table.remove(site);
  forgetSite(draft, site);
  audit(draft, { at: now, who, what: 'site removed', object: site });
  return taken;
}

function mintToken(
  draft: ControllerDraft,
  record: TokenRecord,
  who: string,
  now: EpochMs,
): CommandResult {
  if (!draft.sites.has(record.site)) return refused(notFound('site', record.site, siteIds(draft)));
  draft.tokens.put(record.id, record);
  audit(draft, { at: now, who, what: 'enrolment token made', object: record.site });
  return taken;
}

/** Uses the token up and makes the box the site's agent in one transaction: no second box can follow it. */
function enrol(
  draft: ControllerDraft,
  command: Extract<Command, { kind: 'agent-enrol' }>,
  now: EpochMs,
): CommandResult {
  const { record, agent } = command;
  const token = draft.tokens.get(record.id);
  if (!token || (token.usedBy !== undefined && token.usedBy !== record.usedBy)) {
    const next = `Make a new one with: ringwave site token ${record.site}`;
    return refused({
      code: 'forbidden',
      thing: 'enrolment token',
      reason: 'is unknown or used',
      next,
    });
  }
  draft.tokens.put(record.id, record);
  const epoch = nextCount(draft, 'epoch');
  draft.agents.put(agent.site, { ...agent, cursor: { epoch, seq: 0 } });
  audit(draft, { at: now, who: 'agent', what: 'agent enrolled', object: agent.site });
  return taken;
}
