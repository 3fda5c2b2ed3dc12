import type { Call } from '../rpc/call.ts';
import { type RpcError, runtimeError } from '../rpc/errors.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { TokenFault, type TokenVerifier } from './service-token.ts';

/** Header that carries the service token. */
const TOKEN_HEADER = 'authorization';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * Identifies the caller of a call, in most cases synchronously.
 * @throws RpcError CALLER_UNKNOWN
 */
export type Identify = (call: Pick<Call, 'peer' | 'header'>) => string | Promise<string>;

/**
 * Identifies callers by the certificate of their connection or by the service token of the call. When both
 * are present, they must name one caller.
 * @param tokens undefined: tokens are refused
 */
export function identifyBy(certificates: PeerCertificates, tokens: TokenVerifier | undefined): Identify {
  return (call) => {
    const certified = certificates.idOf(call.peer);
    const header = call.header(TOKEN_HEADER);
    if (header === undefined) return certified ?? refuse(howTo(tokens));
    const [, token] = BEARER.exec(header) ?? [];
    if (!tokens || token === undefined)
      refuse('The authorization header holds no service token that is taken here.');
    const named = verify(tokens as TokenVerifier, token as string);
    return typeof named === 'string' ? agree(named, certified) : named.then((name) => agree(name, certified));
  };
}

function verify(tokens: TokenVerifier, token: string): string | Promise<string> {
  try {
    const named = tokens.verify(token);
    return typeof named === 'string' ? named : named.catch(refuseFault);
  } catch (error) {
    return refuseFault(error);
  }
}

function refuseFault(error: unknown): never {
  if (error instanceof TokenFault) throw callerUnknown(error.message, error.cause);
  throw error;
}

function agree(named: string, certified: string | undefined): string {
  if (certified === undefined || certified === named) return named;
  return refuse("The service token names another caller than the connection's certificate.");
}

function howTo(tokens: TokenVerifier | undefined): string {
  return tokens
    ? 'The service does not know who is asking: send a service token in the authorization header.'
    : 'The service does not know who is asking: connect with a client certificate that has a SPIFFE id.';
}

function refuse(message: string): never {
  throw callerUnknown(message);
}

function callerUnknown(message: string, cause?: unknown): RpcError {
  return runtimeError('CALLER_UNKNOWN', message, { cause });
}
