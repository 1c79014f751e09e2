/** How often a program started through npx looks whether npx is still there. */
const lookEveryMs = 250;

/**
 * Resolves at SIGTERM or SIGINT. Started through npx it also resolves when npx is gone: npm hands a signal to its
 * shell only, which would leave this program behind with its ports.
 */
export function untilStopped(): Promise<void> {
  const startedBy = process.ppid;
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    if (process.env['npm_command'] !== 'exec') return;
    const look = setInterval(() => {
      if (process.ppid === startedBy) return;
      clearInterval(look);
      resolve();
    }, lookEveryMs);
    look.unref();
  });
}
