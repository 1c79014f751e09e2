#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still say what is wrong with it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `ringwave: Node ${process.versions.node} is too old, 24.15 or later is needed. Run it as npx ringwave, which takes the right one.\n`,
  );
  process.exit(2);
}
const { ringwave } = await import('../cli/ringwave.ts');
await ringwave(process.argv);
