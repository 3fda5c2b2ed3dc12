import { describe, expect, it } from 'vitest';
import { findMutants } from './find-mutants.ts';
import { applyMutant, describeMutant } from './mutant.ts';
import { sample } from './sample.ts';

const changesOf = (source: string) => findMutants(source).map((mutant) => applyMutant(source, mutant));

describe('changes of code', () => {
  it('turns comparisons and connectives, one at a time', () => {
    expect(changesOf('const x = a < b && c;')).toEqual(['const x = a <= b && c;', 'const x = a < b || c;']);
  });

  it('forces conditions both ways and removes a negation', () => {
    expect(changesOf('if (!a) b();')).toEqual([
      'if (Boolean(0)) b();',
      'if (Boolean(1)) b();',
      'if (a) b();',
      'if (!a) ;',
    ]);
  });

  it('removes awaited calls, and leaves log lines and types alone', () => {
    expect(changesOf('await save(); this.#log.info("x"); type T = true;')).toEqual([
      '; this.#log.info("x"); type T = true;',
    ]);
  });

  it('removes the fallback of ??', () => {
    expect(changesOf('const x = a ?? b;')).toEqual(['const x = a;']);
  });
});

describe('changes of SQL', () => {
  const sql = (text: string) => `const S = \`${text}\`;`;

  it('removes the effect of each condition by itself, and keeps its parameter', () => {
    const text = 'update users set a = $1 where tenant_id = $2 and version = $3 returning id';
    expect(changesOf(sql(text))).toEqual([
      sql('update users set a = $1 where (tenant_id = $2 or true) and version = $3 returning id'),
      sql('update users set a = $1 where tenant_id = $2 and (version = $3 or true) returning id'),
    ]);
  });

  it('changes conditions of a quoted text within its quotes', () => {
    expect(changesOf(`const s = 'delete from users where id = $1';`)).toEqual([
      `const s = 'delete from users where (id = $1 or true)';`,
    ]);
  });

  it('changes a list of conditions that stands for itself', () => {
    expect(changesOf(sql(`id = $1 and state = 'NEW'`))).toEqual([
      sql(`(id = $1 or true) and state = 'NEW'`),
      sql(`id = $1 and (state = 'NEW' or true)`),
    ]);
  });

  it('changes what TypeScript puts in where that is written', () => {
    expect(changesOf(sql(`select 1 from x where \${LIVE} and a = \${OTHER} order by b`))).toEqual([
      sql(`select 1 from x where \${LIVE} and (a = \${OTHER} or true) order by b`),
    ]);
  });

  it('takes the and of between for no connective', () => {
    expect(changesOf(sql('select 1 from x where b and a between 1 and 2'))).toEqual([
      sql('select 1 from x where (b or true) and a between 1 and 2'),
    ]);
  });

  it('moves bounds and removes locks', () => {
    expect(changesOf(sql('select 1 from x where xid < b.end for update'))).toEqual([
      sql('select 1 from x where (xid < b.end or true) for update'),
      sql('select 1 from x where xid <= b.end for update'),
      sql('select 1 from x where xid < b.end '),
    ]);
  });

  it('keeps to statements', () => {
    expect(changesOf('const s = `salt and pepper`;')).toEqual([]);
  });
});

describe('the report', () => {
  it('names the line, the rule and the change', () => {
    const source = 'f(\n  a === b);';
    expect(findMutants(source).map((mutant) => describeMutant(source, mutant))).toContain(
      '2: === to !==: === → !==',
    );
  });
});

describe('the sample', () => {
  it('is the same for the same seed, without repetition', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const drawn = sample(items, { count: 20, seed: 7 });
    expect(drawn).toEqual(sample(items, { count: 20, seed: 7 }));
    expect(new Set(drawn).size).toBe(20);
    expect(drawn).not.toEqual(sample(items, { count: 20, seed: 8 }));
  });
});
