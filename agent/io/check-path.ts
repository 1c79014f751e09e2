/** A file that every agent gives to whoever asks: `doctor` reads it as a phone would. */
export const checkPath = 'ringwave-agent-check.txt';
