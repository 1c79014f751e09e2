import {
  type Announcement,
  FLAG_CODES,
  type FlagCode,
  IMAGE_KINDS,
  type ImageKind,
  notesLengthMax,
} from '@ringwave/firmware-catalog/announcement';
import { filesMax } from '@ringwave/firmware-catalog/announcements';
import { plainText } from '@ringwave/firmware-catalog/inert-text';
import { type Static, Type } from 'typebox';

// Announcements as `ringwave catalog import --into` writes them, one object for each.

const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ maxLength });

const File = Type.Object(
  {
    fileName: text(255),
    lengthBytes: Type.Optional(Type.Number()),
    sha1: Type.Optional(text(64)),
    sha256: Type.Optional(text(64)),
    url: Type.Optional(text(2000)),
  },
  closed,
);

const AnnouncementBody = Type.Object(
  {
    vendor: text(100),
    models: Type.Array(text(100), { maxItems: 256 }),
    hardware: Type.Optional(Type.Array(text(100), { maxItems: 64 })),
    version: text(100),
    kind: Type.Unsafe<ImageKind>(Type.Enum([...IMAGE_KINDS])),
    files: Type.Array(File, { maxItems: filesMax }),
    flags: Type.Array(
      Type.Object(
        {
          code: Type.Unsafe<FlagCode>(Type.Enum([...FLAG_CODES])),
          detail: Type.Optional(text(500)),
        },
        closed,
      ),
      { maxItems: FLAG_CODES.length },
    ),
    notes: text(notesLengthMax),
    source: text(2000),
    announcedAt: Type.Optional(
      Type.Integer({ minimum: 0, description: 'of milliseconds since 1970' }),
    ),
    partNumber: Type.Optional(text(100)),
  },
  closed,
);

/** 1,000 announcements a request: what fits a body with notes of some lines each. */
export const AnnouncementsBody = Type.Array(AnnouncementBody, { minItems: 1, maxItems: 1000 });

/** What is good about them is judged where they are stored; here their text becomes inert. */
export const announcementsFrom = (body: Static<typeof AnnouncementsBody>): Announcement[] =>
  body.map(
    (one) => ({ ...one, notes: plainText(one.notes, notesLengthMax) }) as unknown as Announcement,
  );
