const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;

// Size of a buffer that holds several answers. Bytes.
const SLAB_BYTES = 64 * 1024;

/** Position at which an open message began. */
export type Position = number;

/** Encodes a message whose fields `write` writes. */
export function writeMessage(write: (writer: MessageWriter) => void): Uint8Array {
  return writer.write(write);
}

/**
 * Encodes messages field by field without building objects: several times as fast as `toBinary`, for hot
 * answers. Leaves out empty and zero fields, as proto3 does. The caller must write fields in the order of
 * their numbers; tests compare the output with the codec. Encoding:
 * https://protobuf.dev/programming-guides/encoding/
 */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  #at = 0;

  // Returns a view instead of a copy: the next message is written after it.
  write(write: (writer: MessageWriter) => void): Uint8Array {
    // An earlier message may have failed half-way.
    this.#at = this.#start;
    write(this);
    const written = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return written;
  }

  /** Begins a message in a field. `close` ends it. */
  open(field: number): Position {
    this.#room(8);
    this.#varint(8 * field + DELIMITED);
    const position = this.#at - this.#start;
    // Space for the length, which takes two bytes in most cases.
    this.#at += 2;
    return position;
  }

  close(position: Position): void {
    const length = this.#at - this.#start - position - 2;
    const missing = (length < 128 ? 1 : length < 2 ** 14 ? 2 : length < 2 ** 21 ? 3 : 4) - 2;
    if (missing !== 0) this.#room(missing);
    const from = this.#start + position;
    if (missing !== 0) this.#bytes.copyWithin(from + 2 + missing, from + 2, this.#at);
    this.#at = from;
    this.#varint(length);
    this.#at += length;
  }

  text(field: number, text: string): void {
    const { length } = text;
    if (length === 0) return;
    this.#room(3 * length + 10);
    this.#varint(8 * field + DELIMITED);
    if (length < 128 && this.#ascii(text)) return;
    this.#varint(Buffer.byteLength(text));
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Writes an int32 or an enum. */
  int32(field: number, value: number): void {
    if (value === 0) return;
    this.#room(20);
    this.#varint(8 * field + VARINT);
    if (value > 0) this.#varint(value);
    else this.#varint64(BigInt(value));
  }

  /** Writes an int64. A whole number is as good as a bigint. */
  int64(field: number, value: bigint | number): void {
    // Comparing bigints is slow.
    const number = Number(value);
    if (number === 0) return;
    this.#room(20);
    this.#varint(8 * field + VARINT);
    if (number > 0 && number <= Number.MAX_SAFE_INTEGER) this.#varint(number);
    else this.#varint64(BigInt(value));
  }

  double(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.#room(20);
    this.#varint(8 * field + FIXED64);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Writes a google.protobuf.Timestamp. */
  time(field: number, ms: number): void {
    const start = this.open(field);
    const seconds = Math.floor(ms / 1000);
    this.int64(1, seconds);
    this.int32(2, (ms - 1000 * seconds) * 1_000_000);
    this.close(start);
  }

  /** Writes fields that were encoded elsewhere. */
  raw(encoded: Uint8Array): void {
    this.#room(encoded.length);
    this.#bytes.set(encoded, this.#at);
    this.#at += encoded.length;
  }

  // Writes a short text in JavaScript, because a native call costs more. Returns false if it is not ASCII.
  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    const { length } = text;
    let at = this.#at;
    bytes[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #varint(value: number): void {
    let rest = value;
    // Bitwise operators are fast, and work on 31 bits.
    while (rest > 0x7fffffff) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#at++] = (rest & 127) | 128;
    this.#bytes[this.#at++] = rest;
  }

  #varint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 127n) | 128;
    this.#bytes[this.#at++] = Number(rest);
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const length = this.#at - this.#start;
    const bytes = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (length + count)));
    this.#bytes.copy(bytes, 0, this.#start, this.#at);
    this.#bytes = bytes;
    this.#start = 0;
    this.#at = length;
  }
}

// Shared: writing is synchronous.
const writer = new MessageWriter();
