/** MiB. What a step makes is mostly gone after it; in the small usual space it would be copied as if it stayed. */
export const youngMbMax = 192;
