import { beforeEach, describe, expect, it } from 'vitest';
import { SecondChanceMap } from './second-chance-map.ts';

interface Held {
  readonly name: string;
  readonly bytes: number;
  isUsed: boolean;
}

let evicted: string[];
let map: SecondChanceMap<Held>;

beforeEach(() => setUp(3, 1_000));

function setUp(maxEntries: number, maxBytes: number): void {
  evicted = [];
  map = new SecondChanceMap<Held>({ maxEntries, maxBytes, onEvict: ({ name }) => evicted.push(name) });
}

function put(names: string, bytes = 1): void {
  for (const name of names) map.set(name, { name, bytes, isUsed: false });
}

describe('a map with second chances', () => {
  it('lets those leave first that came first and were not used since', () => {
    put('abc');
    map.use('a');
    map.peek('b');
    put('d');
    expect(evicted).toEqual(['b']);
    put('ef');
    expect(evicted).toEqual(['b', 'c', 'd']);
    expect([...map.keys()]).toEqual(['a', 'e', 'f']);
  });

  it('asks for a use in each round, not once for ever', () => {
    put('abc');
    map.use('a');
    put('defg');
    expect(evicted).toEqual(['b', 'c', 'd', 'a']);
  });

  it('keeps within its bytes, counted anew where a value is replaced', () => {
    setUp(100, 10);
    put('ab', 4);
    put('a', 5);
    expect(map.size).toEqual({ entries: 2, bytes: 9 });
    put('c', 2);
    expect(evicted).toEqual(['b']);
    map.delete('a');
    map.delete('a');
    expect(map.size).toEqual({ entries: 1, bytes: 2 });
  });

  it('does not hold what alone is too large, and nothing leaves for it but what it replaces', () => {
    setUp(100, 10);
    put('ab', 4);
    put('a', 11);
    expect(evicted).toEqual(['a']);
    expect([...map.keys()]).toEqual(['b']);
    expect(map.size).toEqual({ entries: 1, bytes: 4 });
  });

  it('goes on after it was cleared, and after all that it held has left', () => {
    put('abcd');
    map.clear();
    expect(map.size).toEqual({ entries: 0, bytes: 0 });
    put('efgh');
    for (const key of [...map.keys()]) map.delete(key);
    put('ijklm');
    expect(evicted).toEqual(['a', 'e', 'i', 'j']);
  });

  it('lets one leave in the end where all were used, however many they are', () => {
    setUp(1_000, 1e6);
    const names = Array.from({ length: 1_000 }, (_, i) => String(i));
    for (const name of names) map.set(name, { name, bytes: 1, isUsed: false });
    for (const name of names) map.use(name);
    put('z');
    expect(evicted).toEqual(['64']);
    expect(map.size).toEqual({ entries: 1_000, bytes: 1_000 });
  });

  it('holds its bounds through many rounds, and what is used all the time never leaves', () => {
    setUp(50, 1e6);
    put('*');
    for (let i = 0; i < 10_000; i++) {
      map.use('*');
      map.set(`k${i}`, { name: `k${i}`, bytes: 1, isUsed: false });
    }
    expect(map.size).toEqual({ entries: 50, bytes: 50 });
    expect(map.peek('*')).toBeDefined();
    expect(evicted).toEqual(Array.from({ length: 10_000 - 49 }, (_, i) => `k${i}`));
  });
});
