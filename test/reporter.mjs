// Prints each failing check whole, one line per test file, and ends with `N passed, N failed, N skipped`.
// A Transform, because tap pipes its reporter onwards (a plain Writable is refused).
import { Transform } from 'node:stream';
import { Parser } from 'tap-parser';

/** Comments that tap writes itself; all others were said by a test and are passed on. */
const tapsOwn =
  /^# (?:Subtest|time=|failed \d|skip: \d|todo: \d|No tests found|No coverage|\{ total: )/;

/** Counts what tests assert. A line that only closes a subtest repeats that subtest's own verdict. */
class Summary extends Transform {
  passed = 0;
  failed = 0;
  skipped = 0;
  #parser = new Parser();

  constructor() {
    super();
    this.#follow(this.#parser, []);
  }

  #follow(parser, path) {
    let closing;
    parser.on('child', (child) => {
      closing = { name: child.name, failedBefore: this.failed, countedBefore: this.#counted() };
      this.#follow(child, [...path, child.name ?? '']);
    });
    parser.on('assert', (result) => {
      const closed = closing?.name === result.name ? closing : undefined;
      closing = undefined;
      if (path.length === 0) this.#file(result);
      if (!closed || !this.#isTold(closed, result)) this.#leaf(result, [...path, result.name]);
    });
    parser.on('comment', (comment) => {
      if (!tapsOwn.test(comment)) this.push(`  ${comment.slice(2)}`);
    });
    parser.on('bailout', (reason) => this.#bailOut(reason, path));
  }

  /** Whether what happened inside a subtest says already what the line that closes it says. */
  #isTold({ failedBefore, countedBefore }, result) {
    if (result.ok) return !result.skip && this.#counted() > countedBefore;
    return this.failed > failedBefore;
  }

  #counted() {
    return this.passed + this.failed + this.skipped;
  }

  #bailOut(reason, path) {
    if (path.length > 0) return;
    this.failed += 1;
    this.push(`\n  FAILED: bail out: ${reason || 'no reason given'}\n`);
  }

  #file(result) {
    const time = typeof result.time === 'number' ? ` (${(result.time / 1000).toFixed(1)} s)` : '';
    this.push(`${result.ok ? 'ok    ' : 'FAILED'} ${result.name}${time}\n`);
  }

  #leaf(result, path) {
    if (result.skip) {
      this.skipped += 1;
      const why = typeof result.skip === 'string' ? `: ${result.skip}` : '';
      this.push(`  skipped: ${path.join(' > ')}${why}\n`);
    } else if (result.ok || result.todo) {
      this.passed += 1;
    } else {
      this.failed += 1;
      this.push(`\n  FAILED: ${path.join(' > ')}\n`);
      if (result.diag)
        this.push(`${JSON.stringify(result.diag, null, 2).replace(/^/gm, '    ')}\n\n`);
    }
  }

  _transform(chunk, _encoding, done) {
    this.#parser.write(chunk);
    done();
  }

  _flush(done) {
    this.#parser.end();
    this.push(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped\n`);
    done();
  }
}

export default Summary;
