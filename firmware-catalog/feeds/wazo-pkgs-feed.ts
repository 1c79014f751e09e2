import type { Announcement } from '../announcement.ts';
import { readWazoPkgs, wazoPkgsBytesMax } from '../wazo-pkgs.ts';
import { ANNOUNCED, announcedRead } from './announced.ts';
import { beginThere, type Feed } from './feed.ts';

/** One plugin's package list (`pkgs.db`) of the wazo-provd-plugins project, where a mirror serves it. */
export const wazoPkgsFeed: Feed<Announcement> = {
  ...ANNOUNCED,
  kind: 'wazo-pkgs',
  accept: 'text/plain, */*;q=0.5',
  bytesMax: wazoPkgsBytesMax,
  begin: beginThere,
  read({ url, body }) {
    const read = readWazoPkgs(body, { source: url });
    return read && announcedRead(read.announcements, { problems: read.problems });
  },
};
