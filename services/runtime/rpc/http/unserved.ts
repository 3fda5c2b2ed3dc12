import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToHttpStatus, errorFromJsonBytes, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import type { UnservedCall } from '../unserved.ts';

/** Logs a call and converts its status into an error with a reason. */
type Explain = (call: Pick<UnservedCall, 'code' | 'message'>) => ConnectError;

/**
 * Adds a reason to errors that Connect answers itself, in JSON errors and bodyless answers. Other forms
 * (gRPC, compressed bodies) are sent unchanged and only logged.
 */
export async function explainResponse(
  response: UniversalServerResponse,
  explain: Explain,
): Promise<UniversalServerResponse> {
  if (!response.body) {
    // 415: an unknown content type. 405: a method other than POST.
    const code = response.status === 415 ? Code.InvalidArgument : Code.Unimplemented;
    return withError(response, explain({ code, message: `HTTP status ${response.status}` }), response.status);
  }
  const type = response.header?.get('content-type');
  if (type !== 'application/json' || response.header?.has('content-encoding')) {
    explain({ code: Code.Unknown, message: `answered with HTTP status ${response.status}` });
    return response;
  }
  const sent = Buffer.concat(await Array.fromAsync(response.body));
  const unknown = new ConnectError(sent.toString(), Code.Unknown);
  const { code, rawMessage } = errorFromJsonBytes(sent, undefined, unknown);
  const error = explain({ code, message: rawMessage });
  return withError(response, error, codeToHttpStatus(error.code));
}

function withError(
  response: UniversalServerResponse,
  error: ConnectError,
  status: number,
): UniversalServerResponse {
  const bytes = errorToJsonBytes(error, undefined);
  const header = new Headers(response.header);
  header.set('content-type', 'application/json');
  header.set('content-length', String(bytes.byteLength));
  return { ...response, status, header, body: once(bytes) };
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}
