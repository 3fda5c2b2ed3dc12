import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { constants, type Http2Server, type Http2ServerRequest } from 'node:http2';
import type { Duplex } from 'node:stream';

// Answers are not to be cached and may hold personal data; their content type is exact.
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** Sets the headers of every answer of an HTTP port. */
export function answerByDefault(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/**
 * Ends an HTTP/2 stream whose answer is complete although its body is not, because the sender could continue
 * without end.
 */
export function closeUnread(request: IncomingMessage): void {
  const { stream } = request as unknown as Partial<Http2ServerRequest>;
  if (!stream) return;
  stream.once('finish', () => {
    if (stream.closed || stream.readableEnded) return;
    stream.resume();
    stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

const STATUS_BY_CODE: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Adds those headers to answers of Node's HTTP/1.1 parser. */
export function answerUnreadable(http1: Server): void {
  http1.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { _httpMessage: answer } = socket as Duplex & { readonly _httpMessage?: ServerResponse };
    if (!socket.writable || error.code === 'ECONNRESET' || answer?.headersSent) return void socket.destroy();
    const status = STATUS_BY_CODE.get(error.code ?? '') ?? '400 Bad Request';
    const headers = Object.entries({ connection: 'close', ...HEADERS, 'content-length': '0' });
    socket.end(
      `HTTP/1.1 ${status}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
  });
  http1.on('checkExpectation', refuseExpectation);
}

/** Adds those headers to answers that Node's HTTP/2 server sends without a listener. */
export function answerUnlisted(http2: Http2Server, handle: RequestListener): void {
  http2.on('checkExpectation', refuseExpectation);
  http2.on('connect', handle);
}

function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  answerByDefault(response);
  closeUnread(request);
  response.writeHead(417, { 'content-length': 0 }).end();
}

/** Sends a whole answer. */
export function sendAnswer(
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: string },
): void {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}

// How much of a refused body is read and thrown away, and for how long, so that its sender reads the answer.
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 2000;

/** Throws away the rest of a body that is refused. Call it before the answer begins. */
export function refuseRest(request: IncomingMessage, response: ServerResponse): void {
  // In HTTP/2 only the stream ends, and there is no `connection` header.
  if (request.httpVersionMajor !== 1 || response.headersSent || request.destroyed) return;
  response.setHeader('connection', 'close');
  let rest = 0;
  request.on('data', (chunk: Buffer) => {
    rest += chunk.length;
    if (rest > LINGER_BYTES) request.destroy();
  });
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
}

/** Address of a caller, `host:port`. */
export function peerOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
