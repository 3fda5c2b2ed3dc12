/** Numbers that look random and are the same in every run that begins with the same seed. */
export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** One of the items. Throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** This many lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/**
 * A xorshift generator (Marsaglia 2003, triple 13, 17, 5): good enough to shuffle sample data, useless for secrets.
 * @param seed any whole number but 0
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (bound: number) => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  };
}

/**
 * An id in the form of UUID version 7: the time first, so that ids sort by it.
 * @param timeMs since 1970
 */
export function uuidV7(random: Random, timeMs: number): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const variant = '89ab'.charAt(random.below(4));
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.hex(3)}-${variant}${random.hex(3)}-${random.hex(12)}`;
}
