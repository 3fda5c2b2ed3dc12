/** What can be held. It says itself whether it was used, so that a hit has nothing to write but that. */
export interface Holdable {
  /** Used since its turn to leave last came. */
  isUsed: boolean;
  readonly bytes: number;
}

/** Bounds, and who hears of what had to leave for others. */
export interface SecondChanceOptions<Value> {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly onEvict: (value: Value) => void;
}

/** Most that are passed over for one that leaves: all may have been used, and nobody is to wait for a walk over millions. */
const MAX_CHANCES = 64;

/**
 * A map with bounds. In the order in which they came it is each entry's turn to leave; one that was used since its last turn
 * goes to the end of the line instead (the CLOCK algorithm). About what the least recently used would be, but a hit moves
 * nothing: all work is with those that come new.
 */
export class SecondChanceMap<Value extends Holdable> {
  readonly #values = new Map<string, Value>();
  readonly #options: SecondChanceOptions<Value>;
  /** Whose turn is next. All before it has left. Made late: while the map grows it would hold on to each smaller table. */
  #turns: Iterator<string> | undefined;
  #bytes = 0;

  constructor(options: SecondChanceOptions<Value>) {
    this.#options = options;
  }

  /** The value, which counts as used. */
  use(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined && !value.isUsed) value.isUsed = true;
    return value;
  }

  /** The value, whose turn stays what it is. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** Puts the value at the end of the line, in place of any that has the key. What is too large for the map leaves at once. */
  set(key: string, value: Value): void {
    this.delete(key);
    const { maxBytes, onEvict } = this.#options;
    if (value.bytes > maxBytes) {
      onEvict(value);
      return;
    }
    this.#values.set(key, value);
    this.#bytes += value.bytes;
    this.#makeRoom();
  }

  delete(key: string): void {
    this.#bytes -= this.#values.get(key)?.bytes ?? 0;
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#turns = undefined;
    this.#bytes = 0;
  }

  /** Those that came first, first. */
  keys(): Iterable<string> {
    return this.#values.keys();
  }

  get size(): { entries: number; bytes: number } {
    return { entries: this.#values.size, bytes: this.#bytes };
  }

  #makeRoom(): void {
    const { maxEntries, maxBytes, onEvict } = this.#options;
    let chances = MAX_CHANCES;
    while (this.#values.size > maxEntries || this.#bytes > maxBytes) {
      const [key, value] = this.#next();
      this.#values.delete(key);
      if (value.isUsed && chances-- > 0) {
        value.isUsed = false;
        this.#values.set(key, value);
      } else {
        this.#bytes -= value.bytes;
        onEvict(value);
      }
    }
  }

  #next(): [string, Value] {
    this.#turns ??= this.#values.keys();
    const { value: key, done } = this.#turns.next();
    if (!done) return [key, this.#values.get(key) as Value];
    this.#turns = undefined;
    return this.#next();
  }
}
