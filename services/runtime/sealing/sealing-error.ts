/** Why a sealed value cannot be read. */
export type SealingReason = 'KEY_UNKNOWN' | 'TAMPERED' | 'MALFORMED';

/** A sealed value that cannot be opened. Holds neither the value nor a key. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly reason: SealingReason;
  /** The id of the key that sealed it; empty where the value does not say. */
  readonly keyId: string;

  constructor(reason: SealingReason, message: string, keyId = '', options: ErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.keyId = keyId;
  }
}
