import { describe, expect, it } from 'vitest';
import { RpcError } from '../errors.ts';
import { isUuid, requireStorable, requireUuid, requireVisible } from './field-faults.ts';

const ID = '019c0000-0000-7000-8000-00000000000a';

function refusalOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return { reason: error.reason, fields: error.options.metadata?.fields };
  }
  return undefined;
}

describe('requireStorable', () => {
  it.each(['', 'Zoë', '👍'])('returns %j unchanged', (text) => {
    expect(requireStorable('user.name', text)).toBe(text);
  });

  it.each(['a\u0000b', '\ud83d'])(
    'refuses %j, which no database stores, with the name of its field',
    (text) => {
      const refusal = { reason: 'FIELD_INVALID', fields: 'user.name' };
      expect(refusalOf(() => requireStorable('user.name', text))).toEqual(refusal);
    },
  );
});

describe('requireVisible', () => {
  it('refuses a text without a visible character, and returns any other unchanged', () => {
    const refusal = { reason: 'FIELD_INVALID', fields: 'plan.title' };
    for (const text of ['', ' ', '\u200b', '\u2060 \u00ad', '\u3164', 'a\u0000b'])
      expect([text, refusalOf(() => requireVisible('plan.title', text))]).toEqual([text, refusal]);
    expect(requireVisible('plan.title', ' Jo\u200bhanna ')).toBe(' Jo\u200bhanna ');
  });
});

describe('requireUuid', () => {
  it('returns an id in lower case', () => {
    expect(requireUuid('user.id', ID.toUpperCase())).toBe(ID);
  });

  it.each(['', 'x', ID.slice(1), `${ID}0`, ` ${ID}`, ID.replaceAll('-', ''), `{${ID}}`])(
    'refuses %j with the name of its field',
    (text) => {
      const refusal = { reason: 'FIELD_INVALID', fields: 'user.id' };
      expect(refusalOf(() => requireUuid('user.id', text))).toEqual(refusal);
    },
  );
});

describe('isUuid', () => {
  it('accepts ids in lower case only', () => {
    expect([ID, ID.toUpperCase(), `${ID}\n`].map(isUuid)).toEqual([true, false, false]);
  });
});
