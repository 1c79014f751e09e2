// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs the locked
// dependencies (our own Node among them) when they are missing or older than the lock, and builds
// the console when its sources are newer than its build. Says nothing when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestIn(folder) {
  const times = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return 0;
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newestIn(path) : changedAt(path);
  });
  return Math.max(0, ...times);
}

function run(what, args) {
  process.stderr.write(`${what} …\n`);
  // Standard output belongs to the command that follows (`npm start -- --json`), so npm's goes to stderr.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status === 0) return;
  process.stderr.write(
    `\nnpm ${args.join(' ')} failed (see above). Mend that, then run the same command again.\n`,
  );
  process.exit(1);
}

const installed = changedAt(join(root, 'node_modules', '.package-lock.json'));
if (installed === 0 || installed < changedAt(join(root, 'package-lock.json')) - 1000) {
  run('Installing what is missing (once)', ['ci', '--loglevel=error']);
}

const consoleFolder = join(root, 'controller', 'console');
const built = changedAt(join(consoleFolder, 'dist', 'index.html'));
if (process.argv.includes('--console') && built < newestIn(consoleFolder)) {
  run('Building the console', ['run', 'build', '-w', '@ringwave/console', '--loglevel=error']);
}
