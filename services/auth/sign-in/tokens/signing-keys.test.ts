import { sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type KeySchedule,
  makeSigningKey,
  planKeys,
  signingKeyAt,
  toJwks,
  toPrivateKey,
  toPublicKey,
} from './signing-keys.ts';

const SCHEDULE: KeySchedule = { signingMs: 1000, publishAheadMs: 100, publishBehindMs: 50 };
const at = (ms: number) => new Date(1_000_000 + ms);

describe('planKeys', () => {
  it('makes a first key that signs at once', () => {
    const { add, removeIds } = planKeys([], at(0), SCHEDULE);
    expect(add.map(({ activateTime }) => activateTime)).toEqual([at(0)]);
    expect(removeIds).toEqual([]);
  });

  it('makes the next key ahead of its time, and removes the last one after it', () => {
    const first = makeSigningKey(at(0));
    expect(planKeys([first], at(899), SCHEDULE)).toEqual({ add: [], removeIds: [] });
    const { add } = planKeys([first], at(900), SCHEDULE);
    expect(add.map(({ activateTime }) => activateTime)).toEqual([at(1000)]);
    const keys = [...add, first];
    expect(planKeys(keys, at(1050), SCHEDULE)).toEqual({ add: [], removeIds: [] });
    expect(planKeys(keys, at(1051), SCHEDULE)).toEqual({ add: [], removeIds: [first.id] });
  });

  it('publishes every key for as long as its tokens live, at every moment of many rotations', () => {
    let keys = planKeys([], at(0), SCHEDULE).add;
    const signedUntil = new Map<string, number>();
    const firstShown = new Map<string, number>();
    for (let now = 0; now < 10_000; now += 10) {
      const { add, removeIds } = planKeys(keys, at(now), SCHEDULE);
      keys = [...keys.filter(({ id }) => !removeIds.includes(id)), ...add];
      for (const { id } of keys) firstShown.set(id, Math.min(firstShown.get(id) ?? now, now));
      const signing = signingKeyAt(keys, at(now));
      if (!signing) throw new Error(`nothing signs at ${now}`);
      if (now > 0 && !signedUntil.has(signing.id) && signedUntil.size > 0) {
        expect(now - (firstShown.get(signing.id) ?? now)).toBeGreaterThanOrEqual(100);
      }
      signedUntil.set(signing.id, now);
      for (const [id, until] of signedUntil) {
        if (now - until <= SCHEDULE.publishBehindMs) expect(keys.map((key) => key.id)).toContain(id);
      }
      expect(keys.length).toBeLessThanOrEqual(3);
    }
    expect(signedUntil.size).toBe(10);
  });
});

describe('B8: when the clock goes back', () => {
  const [first, second] = [makeSigningKey(at(0)), makeSigningKey(at(1000))];

  it('the key whose time it is signs, and the newest one when it is the time of none', () => {
    const keys = [second, first];
    expect(signingKeyAt(keys, at(1000))?.id).toBe(second.id);
    expect(signingKeyAt(keys, at(999))?.id).toBe(first.id);
    expect(signingKeyAt(keys, at(-1))?.id).toBe(second.id);
    expect(signingKeyAt([first], at(-1_000_000))?.id).toBe(first.id);
    expect(signingKeyAt([], at(0))).toBeUndefined();
  });

  it('no key is made or removed when the clock goes back by less than a rotation', () => {
    expect(planKeys([first], at(-1000), SCHEDULE)).toEqual({ add: [], removeIds: [] });
    expect(planKeys([first, second], at(0), SCHEDULE)).toEqual({ add: [], removeIds: [] });
  });

  it('a key that a clock far ahead made delays no rotation', () => {
    const ahead = makeSigningKey(at(1_000_000));
    const { add, removeIds } = planKeys([first, ahead], at(900), SCHEDULE);
    expect(add.map(({ activateTime }) => activateTime)).toEqual([at(1000)]);
    expect(removeIds).toEqual([ahead.id]);
    const alone = planKeys([ahead], at(0), SCHEDULE);
    expect(alone.add.map(({ activateTime }) => activateTime)).toEqual([at(0)]);
    // It signs until the other one is active.
    expect(alone.removeIds).toEqual([]);
  });
});

describe('a signing key', () => {
  it('comes back from its stored form, and its set contains no private half', () => {
    const key = makeSigningKey(at(0));
    const signature = sign(null, Buffer.from('text'), toPrivateKey(key));
    expect(verify(null, Buffer.from('text'), toPublicKey(key), signature)).toBe(true);
    const text = JSON.stringify(toJwks([key]));
    expect(JSON.parse(text).keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: key.id });
    expect(Object.keys(JSON.parse(text).keys[0])).not.toContain('d');
  });
});
