import { X509Certificate } from 'node:crypto';
import { createTestAuthority } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';
import { isCallerId, spiffeIdOf } from './caller-id.ts';

const authority = createTestAuthority();
const idOf = (uris: string[], names: string[] = []) =>
  spiffeIdOf(new X509Certificate(authority.issue({ uris, names }).certificate));

describe('spiffeIdOf', () => {
  it('reads the one SPIFFE id that a certificate names', () => {
    expect(idOf(['spiffe://example.org/booking'], ['booking.internal'])).toBe('spiffe://example.org/booking');
  });

  it.each([
    ['no URI', []],
    ['two URIs', ['spiffe://example.org/booking', 'spiffe://example.org/admin']],
    ['another scheme', ['https://example.org/booking']],
    ['no workload', ['spiffe://example.org']],
    ['a path that climbs', ['spiffe://example.org/a/../admin']],
    ['an id in its path that is not the whole', ['https://x/, URI:spiffe://example.org/admin']],
    ['a query', ['spiffe://example.org/booking?a=b']],
  ])('finds no identity in %s', (_, uris) => {
    expect(idOf(uris)).toBeUndefined();
  });

  it('finds no id in a DNS name that looks like a URI', () => {
    expect(idOf([], ['x, URI:spiffe://example.org/admin'])).toBeUndefined();
  });

  it('finds no id in the certificate of an authority', () => {
    expect(spiffeIdOf(new X509Certificate(authority.certificate))).toBeUndefined();
  });
});

describe('isCallerId', () => {
  it.each(['booking', 'rollcall.import-2', 'spiffe://example.org/ns/x'])('accepts %s', (id) =>
    expect(isCallerId(id)).toBe(true),
  );
  it.each(['', 'local', 'Booking', 'a b', 'spiffe://example.org/', 'x'.repeat(64)])('refuses "%s"', (id) =>
    expect(isCallerId(id)).toBe(false),
  );
});
