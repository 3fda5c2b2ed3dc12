/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/** What a request did when it came first. */
export interface EarlierRequest {
  /** What it made, which may be gone. */
  readonly madeId: string;
  readonly fingerprint: Uint8Array;
}
