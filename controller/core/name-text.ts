// Names that lists and lines of others can carry: a break or an escape in one would pass for something else.

/** One line without control characters. */
export const namePattern = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';

const NAME = new RegExp(namePattern, 'u');

export const isName = (text: unknown): boolean => typeof text === 'string' && NAME.test(text);
