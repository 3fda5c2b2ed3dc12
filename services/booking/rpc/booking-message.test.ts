import type { JsonObject } from '@bufbuild/protobuf';
import { MAX_STRUCT_DEPTH } from '@rollcall/contract/request-content';
import { describe, expect, it } from 'vitest';
import { contactDetailsFromMessage, MAX_CONTACT_BYTES } from './booking-message.ts';

/** Returns nested objects, `depth` in all. */
function nested(depth: number): JsonObject {
  return depth === 1 ? {} : { in: nested(depth - 1) };
}

/** Returns contact details of this size as JSON. */
function sized(bytes: number): JsonObject {
  return { note: 'é'.repeat((bytes - '{"note":""}'.length - 1) / 2).concat('x') };
}

describe('contactDetailsFromMessage', () => {
  it('distinguishes absent from empty details', () => {
    expect(contactDetailsFromMessage(undefined)).toBeNull();
    expect(contactDetailsFromMessage({})).toEqual({});
  });

  it('accepts every kind of JSON value', () => {
    const details = { text: 'Ünïcode 🏨', number: -1.5, yes: true, none: null, list: [1, ['a'], {}] };
    expect(contactDetailsFromMessage(details)).toEqual(details);
  });

  it('counts bytes, not characters', () => {
    const details = sized(MAX_CONTACT_BYTES);
    expect(contactDetailsFromMessage(details)).toBe(details);
    expect(() => contactDetailsFromMessage(sized(MAX_CONTACT_BYTES + 2))).toThrow(
      `must be at most ${MAX_CONTACT_BYTES} bytes as JSON, and is ${MAX_CONTACT_BYTES + 2}`,
    );
  });

  it('bounds the depth of nesting', () => {
    expect(contactDetailsFromMessage(nested(MAX_STRUCT_DEPTH))).toEqual(nested(MAX_STRUCT_DEPTH));
    expect(() => contactDetailsFromMessage(nested(MAX_STRUCT_DEPTH + 1))).toThrow('nested deeper');
    expect(() => contactDetailsFromMessage(nested(3000))).toThrow('nested deeper');
  });

  it.each<[string, JsonObject]>([
    ['U+0000 in a text', { a: { b: ['x\0'] } }],
    ['U+0000 in a key', { 'a\0': 1 }],
    ['half a surrogate pair', { a: '\ud83c' }],
  ])('refuses %s, which Postgres cannot store', (_what, details) => {
    expect(() => contactDetailsFromMessage(details)).toThrow(
      expect.objectContaining({ reason: 'FIELD_INVALID', message: expect.stringContaining('U+0000') }),
    );
  });

  it('does not repeat them in its message', () => {
    expect(() => contactDetailsFromMessage({ secret: 'x'.repeat(20_000) })).toThrow(/^((?!secret|xxx).)*$/);
  });
});
