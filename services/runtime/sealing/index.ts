// Sealing what a database shall keep and not tell: keys, AES-256-GCM bound to a place, blind indexes to find by.
export type { SealedPlace } from './cipher.ts';
export { SealingError, type SealingReason } from './cipher.ts';
export { keysSetting, makeKey } from './key-list.ts';
export { createKeyring, type IndexedPlace, type Keyring } from './keyring.ts';
