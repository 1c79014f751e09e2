import { Type } from 'typebox';

// What the schemas of messages are made of.

export const words = <const T extends readonly string[]>(list: T) =>
  Type.Unsafe<T[number]>(Type.Enum([...list]));
export const Id = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });
export const Mac = Type.String({ pattern: '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' });
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const Instant = Type.Integer({ minimum: 0, maximum: 7_258_118_400_000 });
export const Count = Type.Integer({ minimum: 0 });
export const Text = (longest: number) => Type.String({ maxLength: longest });
/** One line without control characters: a break or an escape in one would pass for something else on a terminal. */
export const linePattern = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';
export const Version = Type.String({ minLength: 1, maxLength: 64 });
