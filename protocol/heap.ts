/** A binary heap: the least of its members is at hand, in the order that `before` gives. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  #members: T[] = [];

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#members.length;
  }

  get least(): T | undefined {
    return this.#members[0];
  }

  /** Forgets all but these. */
  refill(members: Iterable<T>): void {
    this.#members = [];
    for (const one of members) this.push(one);
  }

  push(one: T): void {
    const members = this.#members;
    let place = members.push(one) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = members[parent];
      if (above === undefined || !this.#before(one, above)) break;
      members[place] = above;
      members[parent] = one;
      place = parent;
    }
  }

  pop(): T | undefined {
    const members = this.#members;
    const least = members[0];
    const last = members.pop();
    if (last === undefined || members.length === 0) return least;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const a = members[left];
      const b = members[left + 1];
      const child = b !== undefined && a !== undefined && this.#before(b, a) ? left + 1 : left;
      const lower = members[child];
      if (lower === undefined || !this.#before(lower, last)) break;
      members[place] = lower;
      place = child;
    }
    members[place] = last;
    return least;
  }

  /**
   * Visits members from the least on, in no order among those after it, and goes below a member only where `visit` says
   * true of it: what lies below is never before it.
   */
  visit(visit: (one: T) => boolean): void {
    const open = [0];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const one = this.#members[place];
      if (one !== undefined && visit(one)) open.push(2 * place + 2, 2 * place + 1);
    }
  }
}
