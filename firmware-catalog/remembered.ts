/** Answers kept of each reader: a site's phones and a fleet's versions are fewer; at the bound all are forgotten. */
export const answersRememberedMax = 4096;

/**
 * Remembers what a pure reader of short text answered, so that a text met again costs one look-up: the same
 * phones ask again and again, and run the same few versions. The reader bounds the text's length itself.
 */
export function remembered<Answer>(read: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const answer = read(text);
    if (known.size >= answersRememberedMax) known.clear();
    known.set(text, answer);
    return answer;
  };
}
