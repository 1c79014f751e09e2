// CISA's list of vulnerabilities that are seen in attacks (known_exploited_vulnerabilities.json and its schema).

import { epochMs } from '@ringwave/protocol/units';
import type { AdvisoryClaim } from '../advisory-claim.ts';
import { beginThere, changedAtAll, type Feed, type LinkedRead, readEntries } from './feed.ts';
import {
  addressMax,
  CVE_ID,
  fieldsOf,
  idMax,
  parsedObject,
  textOf,
  titleMax,
} from './json-reading.ts';

/** Entries read: the list had 1,404 in August 2025 and gains some 200 a year. */
export const kevEntriesMax = 10_000;

export const kevFeed: Feed<AdvisoryClaim> = {
  kind: 'kev',
  accept: 'application/json',
  begin: beginThere,
  read({ url, body }) {
    const list = parsedObject(body)?.['vulnerabilities'];
    return Array.isArray(list)
      ? readEntries(list, (entry) => claimOf(entry, url), kevEntriesMax)
      : undefined;
  },
  readLinked: ({ url, body }) => claimOf(parsedObject(body), url),
  keyOf: ({ id }) => `cisa-kev ${id}`,
  changed: changedAtAll,
};

function claimOf(value: unknown, url: string): LinkedRead<AdvisoryClaim> {
  const entry = fieldsOf(value);
  const id = textOf(entry?.['cveID'], idMax);
  if (id === undefined || !CVE_ID.test(id)) {
    const reason = 'names no CVE';
    return {
      problems: [{ path: 'cveID', reason, nextStep: 'Compare the entry with the list at CISA.' }],
    };
  }
  const title = textOf(entry?.['vulnerabilityName'], titleMax);
  const since = epochMs(Date.parse(`${textOf(entry?.['dateAdded'], 10)}T00:00:00Z`));
  const due = textOf(entry?.['dueDate'], 10);
  return {
    item: {
      id,
      issuer: 'cisa-kev',
      ...(title === undefined ? {} : { title }),
      // It names products without versions: who is affected is said by others.
      products: [],
      scores: [],
      exploited: {
        ...(since === undefined ? {} : { since }),
        ...(due === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(due) ? {} : { dueOn: due }),
      },
      source: url.slice(0, addressMax),
    },
  };
}
