import { Buffer } from 'node:buffer';
import { Code, ConnectError, encodeBinaryHeader } from '@connectrpc/connect';
import { Metadata } from '@grpc/grpc-js';

/** Fields that belong to the protocol: grpc-js writes them itself, and HTTP/2 forbids some of them. */
const PROTOCOL_FIELDS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Header fields to send. `-bin` fields hold base64, several values joined by commas. Throws ConnectError INVALID_ARGUMENT. */
export function metadataFromHeaders(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    if (PROTOCOL_FIELDS.has(name) || name.startsWith('grpc-')) continue;
    try {
      if (name.endsWith('-bin'))
        for (const part of value.split(',')) metadata.add(name, Buffer.from(part.trim(), 'base64'));
      else metadata.add(name, value);
    } catch (cause) {
      throw new ConnectError(
        `header '${name}' cannot be sent by gRPC`,
        Code.InvalidArgument,
        undefined,
        undefined,
        cause,
      );
    }
  }
  return metadata;
}

/** Header fields received; `-bin` fields become unpadded base64, as Connect has them. */
export function headersFromMetadata(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (name.startsWith(':')) continue;
    for (const value of values)
      headers.append(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  }
  return headers;
}
