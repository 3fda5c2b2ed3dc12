import { makeKey } from '../sealing/key-list.ts';

/** Keys for the auth service of one test file, as environment variables. */
export const TEST_KEYS = {
  AUTH_ENCRYPTION_KEYS: makeKey('k1'),
  AUTH_INDEX_KEYS: makeKey('i1'),
} as const;
