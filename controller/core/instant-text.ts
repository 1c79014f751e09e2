/** An instant in full, wherever it is read: `2026-03-02 01:00 UTC`. For reasons and evidence, which outlive the day. */
export const instantText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
