// Prints each failing check whole, one line per test file, and ends with `N passed, N failed`.
// A Transform, because tap pipes its reporter onwards (a plain Writable is refused).
import { Transform } from 'node:stream';
import { Parser } from 'tap-parser';

/** Counts the leaves: an assertion that closes a subtest repeats that subtest's own verdict. */
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
    let justClosed;
    let leaves = 0;
    parser.on('child', (child) => {
      leaves += 1;
      justClosed = child;
      this.#follow(child, [...path, child.name ?? '']);
    });
    parser.on('assert', (result) => {
      const closesChild = justClosed !== undefined && justClosed.name === result.name;
      const childSaidSo = closesChild && justClosed.ok === result.ok;
      justClosed = undefined;
      if (path.length === 0) this.#file(result);
      if (childSaidSo) return;
      leaves += 1;
      this.#leaf(result, [...path, result.name]);
    });
    parser.on('bailout', (reason) => this.push(`Bail out: ${reason}\n`));
    parser.on('complete', () => leaves);
  }

  #file(result) {
    const seconds =
      typeof result.time === 'number' ? ` (${(result.time / 1000).toFixed(1)} s)` : '';
    this.push(`${result.ok ? 'ok    ' : 'FAILED'} ${result.name}${seconds}\n`);
  }

  #leaf(result, path) {
    if (result.skip) {
      this.skipped += 1;
      this.push(
        `  skipped: ${path.join(' > ')}${typeof result.skip === 'string' ? `: ${result.skip}` : ''}\n`,
      );
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
