import pg from 'pg';

/** A value to copy: Date for a time, Buffer for bytea, string also for uuid and JSON. */
export type CopyValue = string | number | Date | Buffer | null;

/** Binary format of one type. */
export interface BinaryType {
  /** Upper bound of bytes for a value. */
  maxBytes(value: never): number;
  /** @returns how many bytes it took */
  write(buffer: Buffer, value: never, at: number): number;
}

const { BYTEA, FLOAT8, INT4, INT8, JSONB, TEXT, TIMESTAMPTZ, UUID } = pg.types.builtins;
/** A UTF-16 unit takes no more in UTF-8. */
const MAX_UNIT_BYTES = 3;
const UUID_BYTES = 16;
const JSONB_VERSION = 1;
/** Times count from here, in microseconds. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const UINT32 = 2 ** 32;

// Without BigInt, which makes an object of each: a number and a time are exact in a double.
function writeInt64(buffer: Buffer, value: number, at: number): number {
  buffer.writeInt32BE(Math.floor(value / UINT32), at);
  buffer.writeInt32BE(value | 0, at + 4);
  return 8;
}

const BINARY_TYPES: Readonly<Record<number, BinaryType>> = {
  [TEXT]: {
    maxBytes: (value: string) => MAX_UNIT_BYTES * value.length,
    write: (buffer, value: string, at) => (value === '' ? 0 : buffer.write(value, at)),
  },
  [JSONB]: {
    maxBytes: (value: string) => 1 + MAX_UNIT_BYTES * value.length,
    write: (buffer, value: string, at) => {
      buffer[at] = JSONB_VERSION;
      return 1 + buffer.write(value, at + 1);
    },
  },
  [UUID]: {
    maxBytes: () => UUID_BYTES,
    write(buffer, value: string, at) {
      if (buffer.write(value.replaceAll('-', ''), at, 'hex') === UUID_BYTES) return UUID_BYTES;
      throw new TypeError(`"${value}" is no UUID.`);
    },
  },
  [BYTEA]: {
    maxBytes: (value: Buffer) => value.length,
    write: (buffer, value: Buffer, at) => value.copy(buffer, at),
  },
  [INT4]: {
    maxBytes: () => 4,
    write: (buffer, value: number, at) => buffer.writeInt32BE(value, at) - at,
  },
  [INT8]: { maxBytes: () => 8, write: writeInt64 },
  [FLOAT8]: {
    maxBytes: () => 8,
    write: (buffer, value: number, at) => buffer.writeDoubleBE(value, at) - at,
  },
  [TIMESTAMPTZ]: {
    maxBytes: () => 8,
    write: (buffer, value: Date, at) => writeInt64(buffer, (value.getTime() - EPOCH_MS) * 1000, at),
  },
};

/** Returns the binary format of a type, by OID. @throws TypeError when no seed table has that type */
export function binaryType(oid: number): BinaryType {
  const type = BINARY_TYPES[oid];
  if (type) return type;
  throw new TypeError(`Nobody taught the copy how values of the type with OID ${oid} are sent.`);
}
