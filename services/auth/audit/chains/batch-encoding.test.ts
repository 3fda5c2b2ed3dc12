import type { AuditEntry } from '@rollcall/runtime/callers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE } from '../../testing/audit-log.ts';
import { createBatchDecoder, createBatchEncoder } from './batch-encoding.ts';

const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 20 });
const entries: fc.Arbitrary<AuditEntry> = fc.record({
  time: fc
    .date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  caller: text,
  peer: fc.oneof(
    text,
    fc.ipV6().map((host) => `${host}:4000`),
    fc.constantFrom('', ':1', 'a:007', 'a:99999', 'a:1\n'),
  ),
  method: text,
  tenants: fc.array(text, { maxLength: 3 }),
  ids: fc.array(fc.uuid(), { maxLength: 3 }).chain((ids) => text.map((other) => [...ids, other])),
  idCount: fc.nat(),
  outcome: text,
  requestId: fc.oneof(text, fc.uuid()),
  count: fc.nat(),
});

describe('a batch of the audit log', () => {
  it('holds all lines, over several batches of a chain', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entries, { maxLength: 5 }), { maxLength: 4 }), (batches) => {
        const [encoder, decoder] = [createBatchEncoder(), createBatchDecoder()];
        for (const batch of batches) {
          const encoded = encoder.encode(batch);
          encoder.accept(encoded);
          expect(decoder.decode(encoded.bytes)).toEqual(batch);
        }
      }),
    );
  });

  it('brings each word once, and forgets those of a batch that was not written', () => {
    const [encoder, decoder] = [createBatchEncoder(), createBatchDecoder()];
    encoder.encode([{ ...LINE, caller: 'lost' }]);
    const first = encoder.encode([LINE, { ...LINE, view: undefined, why: 'asked for' }]);
    encoder.accept(first);
    const second = encoder.encode([LINE]);
    expect(second.words).toEqual([]);
    expect(second.bytes.length).toBeLessThan(64);
    const [{ view: _, ...unseen }] = [LINE];
    expect(decoder.decode(first.bytes)).toEqual([LINE, { ...unseen, why: 'asked for' }]);
    expect(decoder.decode(second.bytes)).toEqual([LINE]);
  });

  it('is refused when it is cut off, goes on, or names a word that the chain does not have', () => {
    const { bytes } = createBatchEncoder().encode([LINE]);
    for (let size = 0; size < bytes.length; size++)
      expect(() => createBatchDecoder().decode(bytes.subarray(0, size))).toThrow('no batch of the audit log');
    expect(() => createBatchDecoder().decode(Buffer.concat([bytes, bytes]))).toThrow('goes on behind');
    const encoder = createBatchEncoder();
    encoder.accept(encoder.encode([LINE]));
    const later = encoder.encode([LINE]);
    expect(() => createBatchDecoder().decode(later.bytes)).toThrow('names word 0 of 0');
  });
});
