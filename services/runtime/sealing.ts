// Sealing what a database shall keep and not tell: keys, AES-256-GCM bound to a place, blind indexes to find by.
export type { SealedPlace } from './sealing/cipher.ts';
export { keysSetting, makeKey } from './sealing/key-list.ts';
export { createKeyring, type IndexedPlace, type Keyring } from './sealing/keyring.ts';
export { SealingError, type SealingReason } from './sealing/sealing-error.ts';
