/**
 * Length of the prefix of each message in gRPC, gRPC-Web and Connect's streams: flags, then the length of the
 * message.
 */
export const PREFIX_BYTES = 5;

const FIRST_CAPACITY = 1024;

/** A message announces more bytes than the limit. */
export class MessageTooLargeError extends Error {
  override readonly name = 'MessageTooLargeError';
}

/**
 * Collects bytes in memory that at most doubles, in time linear to the bytes whatever the size of the pieces.
 */
export class GrowingBuffer {
  #memory = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Size of the memory. Bytes. */
  get capacity(): number {
    return this.#memory.length;
  }

  /** The collected bytes. Valid until the next `append`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Copies a piece to the end. */
  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_CAPACITY, length, 2 * this.#memory.length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }

  /** Frees the memory. */
  clear(): void {
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
  }
}

/**
 * Assembles prefixed messages from pieces of any size. Whole messages in one piece are not copied. The rest
 * of a piece is, because it would keep alive the whole read of the socket.
 */
export class MessageAssembler {
  readonly #maxBytes: number;
  #rest: GrowingBuffer | undefined;

  /** @param maxBytes the longest message, without its prefix */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Memory of an incomplete message. Bytes. 0: none has begun. */
  get heldBytes(): number {
    return this.#rest?.capacity ?? 0;
  }

  /**
   * Adds a piece and returns the messages that are complete now, with their prefixes.
   * @throws MessageTooLargeError
   */
  push(piece: Buffer): Buffer[] {
    const whole: Buffer[] = [];
    let at = this.#rest ? this.#finish(this.#rest, piece, whole) : 0;
    if (this.#rest) return whole;
    for (
      let end = this.#endOf(piece, at);
      end !== undefined && end <= piece.length;
      end = this.#endOf(piece, at)
    ) {
      whole.push(piece.subarray(at, end));
      at = end;
    }
    if (at < piece.length) {
      this.#rest = new GrowingBuffer();
      this.#rest.append(piece.subarray(at));
    }
    return whole;
  }

  /** Returns and forgets the bytes of an incomplete message. */
  takeRest(): Buffer {
    const bytes = this.#rest?.bytes ?? Buffer.alloc(0);
    this.#rest = undefined;
    return bytes;
  }

  // Returns how many bytes of the piece belong to the message that had begun.
  #finish(rest: GrowingBuffer, piece: Buffer, whole: Buffer[]): number {
    let at = 0;
    if (rest.length < PREFIX_BYTES) {
      at = Math.min(PREFIX_BYTES - rest.length, piece.length);
      rest.append(piece.subarray(0, at));
    }
    const end = this.#endOf(rest.bytes, 0);
    if (end === undefined) return at;
    const until = Math.min(piece.length, at + end - rest.length);
    rest.append(piece.subarray(at, until));
    if (rest.length === end) whole.push(this.takeRest());
    return until;
  }

  #endOf(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < PREFIX_BYTES) return undefined;
    const length = bytes.readUInt32BE(at + 1);
    if (length > this.#maxBytes)
      throw new MessageTooLargeError(`a message of ${length} bytes is larger than ${this.#maxBytes}`);
    return at + PREFIX_BYTES + length;
  }
}
