// Feeds of announcements as an operator writes them down: which kind, whose, and where things stand.

import { type Static, Type } from 'typebox';
import { type Announcement, IMAGE_KINDS } from './announcement.ts';
import { directoryFeed } from './feeds/directory-feed.ts';
import type { Feed } from './feeds/feed.ts';
import { canSelect, pageFeed } from './feeds/page-feed.ts';
import { syndicationFeed } from './feeds/syndication-feed.ts';
import { wazoPkgsFeed } from './feeds/wazo-pkgs-feed.ts';
import { type Problem, problemsOf } from './problems.ts';
import { ruleProblem } from './title-rule.ts';
import { knowledgeOf } from './vendors/all.ts';

const Vendor = Type.String({
  minLength: 1,
  maxLength: 32,
  description: 'as the catalogue spells it',
});
const Kind = Type.Optional(Type.Enum([...IMAGE_KINDS]));

// Tags, classes, ids and attributes below each other: what a page can be read by in one walk.
const Selector = Type.String({
  pattern: '^[A-Za-z0-9_\\-.#\\[\\]="\'^$*~|>+, /]{1,200}$',
  description: 'as a CSS selector of tags, classes, ids and attributes',
});

const Rule = Type.Object(
  {
    in: Type.Enum(['title', 'link', 'text']),
    form: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'such as "Firmware {version} for {models}"',
    }),
  },
  { additionalProperties: false },
);

const SHAPES = {
  syndication: Type.Object(
    {
      kind: Type.Literal('syndication'),
      vendor: Vendor,
      images: Kind,
      rules: Type.Optional(Type.Array(Rule, { maxItems: 32 })),
    },
    { additionalProperties: false },
  ),
  page: Type.Object(
    {
      kind: Type.Literal('page'),
      vendor: Vendor,
      images: Kind,
      entry: Selector,
      file: Selector,
      version: Type.Optional(Selector),
      models: Type.Optional(Selector),
      sha256: Type.Optional(Selector),
      sha1: Type.Optional(Selector),
      notes: Type.Optional(Selector),
    },
    { additionalProperties: false },
  ),
  directory: Type.Object(
    {
      kind: Type.Literal('directory'),
      vendor: Vendor,
      withFolders: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
  'wazo-pkgs': Type.Object({ kind: Type.Literal('wazo-pkgs') }, { additionalProperties: false }),
} as const;

type Kinds = typeof SHAPES;
type Settings = { [Name in keyof Kinds]: Static<Kinds[Name]> }[keyof Kinds];

export type FeedChosen =
  | { readonly feed: Feed<Announcement> }
  | { readonly problems: readonly Problem[] };

/** The feed that settings describe, or everything that is wrong with them. */
export function chooseFeed(settings: unknown): FeedChosen {
  const kind = (settings as { kind?: unknown } | null)?.kind;
  const shape = Object.entries(SHAPES).find(([name]) => name === kind)?.[1];
  if (!shape) {
    const reason = `is none of: ${Object.keys(SHAPES).join(', ')}`;
    return { problems: [{ path: 'kind', reason, nextStep: 'Write one of them.' }] };
  }
  const wrong = problemsOf(shape, settings);
  if (wrong.length > 0) return { problems: wrong };
  const chosen = settings as Settings;
  const problems = deeperProblems(chosen);
  return problems.length > 0 ? { problems } : { feed: feedOf(chosen) };
}

function deeperProblems(settings: Settings): Problem[] {
  if (settings.kind === 'page') {
    return Object.entries(settings).flatMap(([path, selector]) =>
      ['kind', 'vendor', 'images'].includes(path) || canSelect(selector)
        ? []
        : [{ path, reason: 'is no CSS selector', nextStep: 'Write it as in a style sheet.' }],
    );
  }
  if (settings.kind === 'directory' && knowledgeOf(settings.vendor) === undefined) {
    const reason = 'is no vendor known here, so nobody can read the names of its files';
    return [{ path: 'vendor', reason, nextStep: 'Follow a page or a manifest instead.' }];
  }
  if (settings.kind !== 'syndication') return [];
  return (settings.rules ?? []).flatMap((rule, place) => {
    const reason = ruleProblem(rule);
    const path = `rules[${place}].form`;
    return reason === undefined
      ? []
      : [{ path, reason, nextStep: 'Write words around the braces.' }];
  });
}

function feedOf(settings: Settings): Feed<Announcement> {
  if (settings.kind === 'wazo-pkgs') return wazoPkgsFeed;
  if (settings.kind === 'directory') return directoryFeed(settings);
  const { kind: _, images, ...rest } = settings;
  const about = { ...rest, ...(images === undefined ? {} : { kind: images }) };
  return 'entry' in about
    ? pageFeed(about)
    : syndicationFeed({ ...about, rules: about.rules ?? [] });
}
