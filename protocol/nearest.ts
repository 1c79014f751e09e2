/** The one of `known` that a slip of the hand would turn into `asked`; undefined when none is near. */
export function nearest(asked: string, known: readonly string[]): string | undefined {
  // Longer inputs are no slips; this also bounds the work.
  if (asked.length > 64) return undefined;
  const limit = Math.max(2, Math.floor(asked.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    if (Math.abs(word.length - asked.length) > limit) continue;
    const distance = editDistance(asked.toLowerCase(), word.toLowerCase());
    if (distance <= limit && (!best || distance < best.distance)) best = { word, distance };
  }
  return best?.word;
}

/** Levenshtein: insertions, removals and replacements that lead from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, place) => place);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
