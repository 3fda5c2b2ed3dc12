// Public API of @rollcall/runtime/sealing: keys, AES-256-GCM bound to a place, blind indexes for searching.
export type { SealedPlace } from './cipher.ts';
export { SealingError, type SealingReason } from './cipher.ts';
export { keysSetting, makeKey } from './key-list.ts';
export { createKeyring, type IndexedPlace, type Keyring } from './keyring.ts';
