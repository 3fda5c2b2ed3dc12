import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import type { UniversalServerRequest } from '@connectrpc/connect/protocol';
import type { RpcError } from '../errors.ts';
import { decompressions } from '../ingress/decompression.ts';
import { MAX_MESSAGE_BYTES } from '../listening-server.ts';
import {
  binaryFault,
  jsonFault,
  malformed,
  type RequestSizes,
  requestTooLarge,
  UNSCANNED_BYTES,
} from './request-sizes.ts';

/** A request that Connect may read, and the reason why it must not be served. */
export interface CheckedRequest {
  readonly request: UniversalServerRequest;
  /** Present when the request was replaced by one without content. */
  readonly fault?: RpcError;
}

/** Encoding of a request. */
interface Form {
  readonly isBinary: boolean;
  /** Whether each message has a prefix of five bytes, as in gRPC and gRPC-Web. */
  readonly isEnveloped: boolean;
  /** Name of the compression. Absent: none. */
  readonly encoding?: string;
}

const CONTENT_TYPE =
  /^application\/(?:(grpc-web|grpc|connect)(?:\+(?:proto|json))?|proto|json)(?:; ?charset=utf-?8)?$/i;
/** Headers that name the compression of enveloped messages. For others it is `content-encoding`. */
const ENCODING_HEADERS = new Map<string | undefined, string>([
  ['grpc', 'grpc-encoding'],
  ['grpc-web', 'grpc-encoding'],
  ['connect', 'connect-content-encoding'],
]);
const ENVELOPE_BYTES = 5;
const COMPRESSED_FLAG = 1;
const NO_BYTES = new Uint8Array();
const EMPTY_JSON = new TextEncoder().encode('{}');

const INFLATE = new Map<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>>(
  [
    ['gzip', promisify(gunzip)],
    ['br', promisify(brotliDecompress)],
  ],
);

/**
 * Checks the size of an HTTP request and of its fields before Connect decodes it. Passes requests that
 * Connect refuses itself: another content type, an unknown compression, an incomplete message.
 */
export async function checkRequest(
  request: UniversalServerRequest,
  sizes: RequestSizes,
): Promise<CheckedRequest> {
  if (request.method === 'GET') return checkQuery(request, sizes);
  const form = formOf(request.header);
  if (!form || !isStream(request.body) || isDecided(request.header, form)) return { request };
  const maxBytes = maxBytesOf(sizes, form);
  const body = await readBody(request.body, maxBytes + ENVELOPE_BYTES);
  if (!body) return withoutContent(request, form, requestTooLarge(sizes, maxBytes));
  if (form.isEnveloped && body.length < ENVELOPE_BYTES) return { request: { ...request, body: once(body) } };
  const message = form.isEnveloped ? openEnvelope(body) : { bytes: body, isCompressed: true };
  if (!message) return withoutContent(request, form, malformed(sizes));
  const plain = message.isCompressed ? await inflate(message.bytes, form, sizes) : message.bytes;
  if (!plain) return { request: { ...request, body: once(body) } };
  const fault = plain instanceof Uint8Array ? faultOf(sizes, form, plain) : plain;
  if (fault) return withoutContent(request, form, fault);
  const isAsItCame = !message.isCompressed || form.encoding === undefined;
  return isAsItCame
    ? { request: { ...request, body: once(body) } }
    : withContent(request, form, plain as Uint8Array);
}

function formOf(header: Headers): Form | undefined {
  const type = header.get('content-type') ?? '';
  const [isKnown, protocol] = CONTENT_TYPE.exec(type) ?? [];
  if (isKnown === undefined) return undefined;
  const encoding = header.get(ENCODING_HEADERS.get(protocol?.toLowerCase()) ?? 'content-encoding');
  return {
    isBinary: !/json/i.test(type),
    isEnveloped: protocol !== undefined,
    ...(encoding && encoding !== 'identity' && { encoding }),
  };
}

function isStream(body: UniversalServerRequest['body']): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

// Too short to hold much, or so long that Connect refuses it unread. JSON is scanned at any length, for
// unknown names.
function isDecided(header: Headers, { encoding, isBinary }: Form): boolean {
  const length = header.get('content-length');
  if (length === null) return false;
  const isShort = isBinary && encoding === undefined && Number(length) <= UNSCANNED_BYTES;
  return isShort || Number(length) > MAX_MESSAGE_BYTES;
}

function maxBytesOf({ maxBinaryBytes, maxJsonBytes }: RequestSizes, { isBinary }: Form): number {
  return isBinary ? maxBinaryBytes : maxJsonBytes;
}

/**
 * Reads a body. Undefined when it is longer than `maxBytes`; the rest is then read and thrown away, up to a
 * limit, because a caller that is still writing does not read the answer.
 */
async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving a `for await` early would close the connection, and lose the answer.
  const source = body[Symbol.asyncIterator]();
  for (let next = await source.next(); !next.done; next = await source.next()) {
    length += next.value.length;
    if (length > MAX_MESSAGE_BYTES) return undefined;
    if (length <= maxBytes) chunks.push(next.value);
    else chunks.length = 0;
  }
  return length <= maxBytes ? Buffer.concat(chunks, length) : undefined;
}

/** The message in an envelope. Undefined unless there is exactly one, and it is complete. */
function openEnvelope(body: Buffer): { bytes: Uint8Array; isCompressed: boolean } | undefined {
  if (body.readUInt32BE(1) !== body.length - ENVELOPE_BYTES) return undefined;
  return { bytes: body.subarray(ENVELOPE_BYTES), isCompressed: (body.readUInt8(0) & COMPRESSED_FLAG) !== 0 };
}

/** Decompresses a message, or returns the fault. Undefined when the compression is unknown. */
async function inflate(
  bytes: Uint8Array,
  form: Form,
  sizes: RequestSizes,
): Promise<Uint8Array | RpcError | undefined> {
  if (form.encoding === undefined) return form.isEnveloped ? undefined : bytes;
  const inflateWith = INFLATE.get(form.encoding);
  const maxOutputLength = maxBytesOf(sizes, form);
  if (!inflateWith) return undefined;
  return await decompressions
    .run(() => inflateWith(bytes, { maxOutputLength }))
    .catch((error: NodeJS.ErrnoException) =>
      error.code === 'ERR_BUFFER_TOO_LARGE'
        ? requestTooLarge(sizes, maxOutputLength)
        : malformed(sizes, { cause: error }),
    );
}

function faultOf(sizes: RequestSizes, { isBinary }: Form, bytes: Uint8Array): RpcError | undefined {
  return isBinary ? binaryFault(sizes, bytes) : jsonFault(sizes, bytes);
}

function withoutContent(request: UniversalServerRequest, form: Form, fault: RpcError): CheckedRequest {
  return { ...withContent(request, form, form.isBinary ? NO_BYTES : EMPTY_JSON), fault };
}

/** The request with its message uncompressed and in one piece. */
function withContent(request: UniversalServerRequest, form: Form, bytes: Uint8Array): CheckedRequest {
  const header = new Headers(request.header);
  const body = form.isEnveloped ? toEnvelope(bytes) : bytes;
  header.set('content-length', String(body.length));
  if (!form.isEnveloped) header.delete('content-encoding');
  return { request: { ...request, header, body: once(body) } };
}

function toEnvelope(bytes: Uint8Array): Uint8Array {
  const envelope = Buffer.alloc(ENVELOPE_BYTES + bytes.length);
  envelope.writeUInt32BE(bytes.length, 1);
  envelope.set(bytes, ENVELOPE_BYTES);
  return envelope;
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}

/** Checks the message in the query of a GET request, which is short unless it is compressed. */
async function checkQuery(request: UniversalServerRequest, sizes: RequestSizes): Promise<CheckedRequest> {
  const url = new URL(request.url);
  const { searchParams: query } = url;
  const compression = query.get('compression');
  const isBinary = query.get('encoding') === 'proto';
  const isPlain = !compression || compression === 'identity';
  if (isPlain && isBinary) return { request };
  const form = { isBinary, isEnveloped: false, ...(!isPlain && { encoding: compression }) };
  const message = Buffer.from(query.get('message') ?? '', query.get('base64') === '1' ? 'base64url' : 'utf8');
  const plain = await inflate(message, form, sizes);
  if (!plain) return { request };
  const fault = plain instanceof Uint8Array ? faultOf(sizes, form, plain) : plain;
  if (!fault) return { request };
  for (const name of ['compression', 'base64']) query.delete(name);
  query.set('message', form.isBinary ? '' : '{}');
  return { request: { ...request, url: url.toString() }, fault };
}
