import { digestOf } from '@rollcall/runtime';

/** A digest of what a caller asks for: nothing that the caller does not choose counts, nor the order of keys. */
export function fingerprintOf(asked: object): Uint8Array {
  // What is not given is left out, so that a field that the contract gains does not change the digests that are kept.
  return digestOf(Object.fromEntries(Object.entries(asked).filter(([, value]) => isGiven(value))));
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
