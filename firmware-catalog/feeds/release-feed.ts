import { parseRelease, type Release } from '../release.ts';
import { entriesOf, type Feed, readEntries } from './feed.ts';

/**
 * A vendor's or mirror's list of releases: JSON, either a list or `{ "releases": [...] }`, whose entries
 * are release manifests or `{ "manifest": URL }`.
 */
export const releaseFeed: Feed<Release> = {
  kind: 'release',
  accept: 'application/json',
  read(body) {
    const entries = entriesOf(body, 'releases');
    return entries && readEntries(entries, parse);
  },
  readLinked: parse,
  keyOf: (release) => release.id,
};

function parse(manifest: unknown) {
  const { release, problems } = parseRelease(manifest);
  return release ? { item: release } : { problems };
}
