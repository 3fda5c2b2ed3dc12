import { Buffer } from 'node:buffer';

/**
 * Thrown where bytes are not as the service writes them. They may still be right: protobuf-es judges. It says nothing
 * more, so it needs no stack.
 */
export const UNSUPPORTED = Symbol('unusual');

const { fromCharCode } = String;
// V8 joins texts of up to so many characters by copying, and longer ones by a tree.
const SHORT = 12;

/** Reads protobuf's wire format, and of that what is usual: short tags, numbers below 2^49, well-formed text. Else throws UNUSUAL. */
export class WireReader {
  readonly length: number;
  /** Where it stands. */
  at = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.length = byteLength;
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  /** A field's number and how it is written; fields up to 2047. */
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

  /** Not negative, as no number of ours is. */
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

  /** Reads a length, and answers where that which it is the length of ends, at `outerEnd` at the latest. */
  end(outerEnd: number): number {
    const length = this.#varint();
    const end = this.at + length;
    if (end <= outerEnd) return end;
    throw UNSUPPORTED;
  }

  /** What was read must have ended here. */
  checkEnd(end: number): void {
    if (this.at !== end) throw UNSUPPORTED;
  }

  bytes(outerEnd: number): Buffer {
    const end = this.end(outerEnd);
    const bytes = this.#bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** @param expected answered itself where it is what stands there. */
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

  /** Four at a time: so many cost less than a call into Node. Undefined: not ASCII. */
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
    // Stands for bytes that are no text, which protobuf-es refuses, or for itself.
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
