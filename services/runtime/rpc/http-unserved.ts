import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { errorFromJsonBytes, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import type { UnservedCall } from './unserved.ts';

/** Explains an error that Connect answered by itself; `explainUnserved` bound to a logger. */
export type Explain = (call: Pick<UnservedCall, 'code' | 'message'>) => ConnectError;

/**
 * Gives the JSON error that Connect answers to an unreadable request the reason that all other errors have. Answers
 * in other forms (a status alone, gRPC trailers, compressed) go out as they are and are explained to the log only.
 */
export async function explainResponse(
  response: UniversalServerResponse,
  explain: Explain,
): Promise<UniversalServerResponse> {
  const isJson =
    response.header?.get('content-type') === 'application/json' && !response.header.has('content-encoding');
  if (!response.body || !isJson) {
    explain({
      code: Code.Unknown,
      message: `answered with HTTP status ${response.status}`,
    });
    return response;
  }
  const sent = Buffer.concat(await Array.fromAsync(response.body));
  const { code, rawMessage } = errorFromJsonBytes(
    sent,
    undefined,
    new ConnectError(sent.toString(), Code.Unknown),
  );
  const bytes = errorToJsonBytes(explain({ code, message: rawMessage }), undefined);
  response.header?.set('content-length', String(bytes.byteLength));
  return { ...response, body: once(bytes) };
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}
