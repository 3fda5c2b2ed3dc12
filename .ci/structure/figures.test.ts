import { describe, expect, it } from 'vitest';
import { findCircles, measure, quantile } from './figures.ts';
import { toSource } from './source.ts';

const figure = (name: RegExp, paths: string[], ...texts: [path: string, text: string][]) => {
  const sources = texts.map(([path, text]) => toSource(path, text));
  const found = measure(paths, sources).find((each) => name.test(each.name));
  if (!found) throw new Error(`No figure is called ${name}.`);
  return found;
};

describe('a source', () => {
  it('has the comments of its text, and none that only looks like one', () => {
    const text =
      "// one\n// line\nconst a = '// no'; // two\nconst b = /\\/\\//; /** three */ const c = `/* // */`;\n";
    expect(toSource('a.ts', text).comments).toEqual(['// one\n// line', '// two', '/** three */']);
  });

  it('imports files by their path from the top', () => {
    const text =
      "import '../b/c.ts';\nimport type { D } from './d.ts';\nexport * from './e.ts';\nimport 'pg';\n";
    expect(toSource('x/a/a.ts', text).imports).toEqual(['x/b/c.ts', 'x/a/d.ts', 'x/a/e.ts']);
  });

  it('is a barrel when it only exports what others declare', () => {
    expect(toSource('a.ts', "export * from './b.ts';\nexport { c } from './c.ts';\n").isBarrel).toBe(true);
    expect(toSource('a.ts', "export * from './b.ts';\nexport const c = 1;\n").isBarrel).toBe(false);
  });
});

describe('the figures', () => {
  it('count the files of a folder, tests included, without those of its folders', () => {
    const paths = ['a/b.ts', 'a/b.test.ts', 'a/c/d.ts'];
    expect(figure(/largest folder/, paths)).toMatchObject({ value: 2, where: ['a 2', 'a/c 1'] });
  });

  it('count an importer only where it is no barrel', () => {
    const b: [string, string] = ['b.ts', 'export const b = 1;\n'];
    const importer: [string, string] = ['a.ts', "import { b } from './b.ts';\nexport const a = b;\n"];
    const barrel: [string, string] = ['c.ts', "export * from './b.ts';\n"];
    expect(figure(/exactly one/, [], b, importer, barrel).where).toEqual(['b.ts']);
    expect(figure(/exactly one/, [], b, barrel).where).toEqual([]);
  });

  it('count functions with too many parameters and uses of any', () => {
    const text = 'export function f(a: any, b: 1, c: 1, d: 1) {}\n';
    expect(figure(/parameters/, [], ['a.ts', text]).value).toBe(1);
    expect(figure(/any/, [], ['a.ts', text]).value).toBe(1);
  });

  it('count comments in words of our own, and openings that say nothing', () => {
    const text =
      '/** Tells nobody. */\nconst a = 1;\n/** What it needs. */\nconst b = 2;\n// The same.\nexport const c = a + b;\n';
    expect(figure(/words of our own/, [], ['a.ts', text]).value).toBeCloseTo(1 / 3);
    expect(figure(/"What"/, [], ['a.ts', text]).value).toBe(1);
    expect(figure(/"The same"/, [], ['a.ts', text]).value).toBe(1);
  });
});

describe('circles', () => {
  it('are found through several files, types included', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a', 'd']],
      ['d', []],
    ]);
    expect(findCircles(graph)).toEqual([['a', 'b', 'c']]);
    expect(
      findCircles(
        new Map([
          ['a', ['b']],
          ['b', []],
        ]),
      ),
    ).toEqual([]);
  });
});

describe('a quantile', () => {
  it('is the value below which that share lies', () => {
    expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(quantile([], 0.9)).toBe(0);
  });
});
