import { Buffer } from 'node:buffer';

/**
 * Thrown at bytes that this reader does not support, which may still be valid: protobuf-es decides. It says
 * nothing else, so it needs no stack.
 */
export const UNSUPPORTED = Symbol('unsupported');

const { fromCharCode } = String;
// Most characters of a string that V8 concatenates by copying. Longer ones become a tree.
const SHORT = 12;

/**
 * Reads the usual part of protobuf's wire format: short tags, numbers below 2^49, well-formed text. Throws
 * UNSUPPORTED at anything else.
 */
export class WireReader {
  readonly length: number;
  /** Position of the next byte. */
  at = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.length = byteLength;
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  /** The number of a field, up to 2047, and its wire type. */
  tag(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const second = this.#byte();
    if (second < 0x80) return (first & 0x7f) | (second << 7);
    throw UNSUPPORTED;
  }

  int64(): bigint {
    return BigInt(this.#varint());
  }

  /** Not negative, because no number of the contract is. */
  int32(): number {
    const value = this.#varint();
    if (value < 2 ** 31) return value;
    throw UNSUPPORTED;
  }

  double(): number {
    const start = this.at;
    this.at += 8;
    this.checkEnd(Math.min(this.length, this.at));
    return this.#view.getFloat64(start, true);
  }

  /** Reads a length, and returns the position of its end, which is at most `outerEnd`. */
  end(outerEnd: number): number {
    const length = this.#varint();
    const end = this.at + length;
    if (end <= outerEnd) return end;
    throw UNSUPPORTED;
  }

  /** Throws unless the reader is at this position. */
  checkEnd(end: number): void {
    if (this.at !== end) throw UNSUPPORTED;
  }

  bytes(outerEnd: number): Buffer {
    const end = this.end(outerEnd);
    const bytes = this.#bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** @param expected is returned itself where the text is equal, so that no string is created. */
  text(outerEnd: number, expected = ''): string {
    const end = this.end(outerEnd);
    const start = this.at;
    this.at = end;
    if (end - start === expected.length && this.#isAt(start, expected)) return expected;
    return (end - start <= SHORT ? this.#short(start, end) : undefined) ?? this.#long(start, end);
  }

  #isAt(start: number, ascii: string): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < ascii.length; i++) {
      const code = ascii.charCodeAt(i);
      if (code !== bytes[start + i] || code > 0x7f) return false;
    }
    return true;
  }

  /**
   * Reads four characters at a time, which is faster than a call into Node for short texts. Undefined: not
   * ASCII.
   */
  #short(start: number, end: number): string | undefined {
    const view = this.#view;
    let text = '';
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const four = view.getUint32(at);
      if ((four & 0x80808080) !== 0) return undefined;
      text += fromCharCode(four >>> 24, (four >>> 16) & 0xff, (four >>> 8) & 0xff, four & 0xff);
    }
    for (; at < end; at++) {
      const one = view.getUint8(at);
      if (one > 0x7f) return undefined;
      text += fromCharCode(one);
    }
    return text;
  }

  #long(start: number, end: number): string {
    const text = this.#bytes.toString('utf8', start, end);
    // Stands for bytes that are not text, which protobuf-es refuses, or for itself.
    if (text.includes('\ufffd')) throw UNSUPPORTED;
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw UNSUPPORTED;
    return byte;
  }

  #varint(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 0x80; scale < 2 ** 49; scale *= 0x80) {
      const byte = this.#byte();
      if (byte < 0x80) return value + byte * scale;
      value += (byte & 0x7f) * scale;
    }
    throw UNSUPPORTED;
  }
}
