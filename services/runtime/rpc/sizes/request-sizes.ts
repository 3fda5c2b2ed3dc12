import { isUtf8 } from 'node:buffer';
import { type DescMessage, type DescMethod, fromBinary, type Message } from '@bufbuild/protobuf';
import { contentCheck } from '@rollcall/contract/request-content';
import { isPublicMethod } from '../access-control.ts';
import { methodPath } from '../call.ts';
import { invalidField, type RpcError, runtimeError } from '../errors.ts';
import { MAX_MESSAGE_BYTES } from '../listening-server.ts';
import { type MessageSizes, messageSizes } from './message-sizes.ts';
import type { RequestFault } from './request-fault.ts';
import type { Defaults } from './scalar-sizes.ts';
import { MALFORMED, scanBinary } from './scan-binary.ts';
import { scanJson } from './scan-json.ts';

/** Limits of the requests of a method. */
export interface RequestSizes {
  readonly method: DescMethod;
  /** The most bytes of a request in binary form. */
  readonly maxBinaryBytes: number;
  /** The most bytes of a request as JSON. */
  readonly maxJsonBytes: number;
  readonly message: MessageSizes;
}

/** Space for fields of a newer caller that this service does not know. Bytes. */
const SPARE_BYTES = 4096;

/**
 * Requests in binary form up to this length are decoded without a scan, because they cannot break a limit by
 * much. Bytes.
 */
export const UNSCANNED_BYTES = 4096;

/** Health and reflection are not ours, and their proto files set no limits. */
const PUBLIC_DEFAULTS: Defaults = { maxChars: 1000, maxItems: 100 };

const known = new WeakMap<DescMethod, RequestSizes>();

/**
 * Limits of the requests of a method, computed from the limits of its fields.
 * @throws Error naming every field without a limit
 */
export function requestSizes(method: DescMethod): RequestSizes {
  const sizes = known.get(method) ?? readSizes(method);
  known.set(method, sizes);
  return sizes;
}

function readSizes(method: DescMethod): RequestSizes {
  const message = messageSizes(method.input, isPublicMethod(method) ? PUBLIC_DEFAULTS : undefined);
  return {
    method,
    message,
    maxBinaryBytes: Math.min(message.binaryBytes + SPARE_BYTES, MAX_MESSAGE_BYTES),
    maxJsonBytes: Math.min(message.jsonBytes + SPARE_BYTES, MAX_MESSAGE_BYTES),
  };
}

/**
 * Checks the size of a request in binary form and of its fields, then decodes it.
 * @throws RpcError MESSAGE_TOO_LARGE, FIELD_INVALID, MESSAGE_MALFORMED
 */
export function decodeRequest(sizes: RequestSizes, bytes: Uint8Array): Message {
  const fault = binaryFault(sizes, bytes);
  if (fault) throw fault;
  const { input } = sizes.method;
  try {
    return fromBinary(input, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw undecodableFault(sizes, bytes) ?? malformed(sizes, { cause });
  }
}

/** Depth up to which messages are decoded to find a struct that is nested too deep. */
const DEEP = 1000;

/** The field for which the decoder refused a request. Undefined when it cannot be found. */
function undecodableFault(
  { message, method: { input } }: RequestSizes,
  bytes: Uint8Array,
): RpcError | undefined {
  const found = scanBinary(message, bytes);
  if (found === MALFORMED) return undefined;
  const fault = found ?? deepFault(input, bytes);
  return fault && invalidField(fault.field, fault.description);
}

function deepFault(input: DescMessage, bytes: Uint8Array): RequestFault | undefined {
  try {
    return contentCheck(input)(fromBinary(input, bytes, { readUnknownFields: false, recursionLimit: DEEP }));
  } catch {
    return undefined;
  }
}

/** The error of a request in binary form that must not be decoded. Undefined when it may be. */
export function binaryFault(sizes: RequestSizes, bytes: Uint8Array): RpcError | undefined {
  if (bytes.length > sizes.maxBinaryBytes) return requestTooLarge(sizes, sizes.maxBinaryBytes);
  if (bytes.length <= UNSCANNED_BYTES) return undefined;
  const found = scanBinary(sizes.message, bytes);
  if (found === MALFORMED) return malformed(sizes);
  return found && invalidField(found.field, found.description);
}

/**
 * The error of a JSON request that must not be decoded. Undefined when it may be, or when it is malformed,
 * which the decoder reports.
 */
export function jsonFault(sizes: RequestSizes, bytes: Uint8Array): RpcError | undefined {
  if (bytes.length > sizes.maxJsonBytes) return requestTooLarge(sizes, sizes.maxJsonBytes);
  // The decoder would replace invalid bytes by U+FFFD.
  if (!isUtf8(bytes)) return malformed(sizes, { form: 'JSON in UTF-8' });
  const fault = scanJson(sizes.message, parseJson(bytes));
  return fault && invalidField(fault.field, fault.description);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The error of a request that is longer than its fields can need. */
export function requestTooLarge({ method }: RequestSizes, maxBytes: number): RpcError {
  const path = methodPath(method);
  return runtimeError('MESSAGE_TOO_LARGE', `A request of ${path} takes at most ${maxBytes} bytes.`, {
    metadata: { method: path, max_bytes: String(maxBytes) },
  });
}

/** The error of bytes that are not a request of the method in the given form. */
export function malformed(
  { method }: RequestSizes,
  { form = 'binary form', cause }: { form?: string; cause?: unknown } = {},
): RpcError {
  const { typeName } = method.input;
  return runtimeError('MESSAGE_MALFORMED', `The request is not a ${typeName} in ${form}.`, {
    metadata: { type: typeName },
    cause,
  });
}
