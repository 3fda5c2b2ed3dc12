import { resolve } from 'node:path';
import { readArguments, refuseOtherOptions, SEE_HELP, StartupError } from '@rollcall/runtime';
import { mintToken, readPrivateKey, type TokenRequest, writeKeyPair } from '@rollcall/runtime/callers';

export const TOKEN_HELP = `npm run token -- --make-keys --key FILE --jwks FILE
npm run token -- --caller CALLER --key FILE [--ttl 15m] [--audience auth]

--make-keys  writes a new key pair: the private key into --key, for its owner alone, the public one into --jwks,
             for AUTH_CALLER_JWKS_FILE of the service
--caller     who the token is for: a name (booking) or a SPIFFE id
--key        the private key
--ttl        how long it is good for: 90s, 15m, 1h; default 15m, at most 1h
--audience   the service that shall take it, as its AUTH_TOKEN_AUDIENCE says; default: AUTH_TOKEN_AUDIENCE, else auth

Prints the token and nothing else. Whoever holds it is the caller until it expires.
`;

const OPTIONS = {
  'make-keys': { type: 'boolean' },
  caller: { type: 'string' },
  key: { type: 'string' },
  jwks: { type: 'string' },
  ttl: { type: 'string' },
  audience: { type: 'string' },
} as const;

/** A command for tokens. */
type TokenCommand =
  | { readonly kind: 'make-keys'; readonly key: string; readonly jwks: string }
  | { readonly kind: 'mint'; readonly key: string; readonly request: TokenRequest };

/**
 * Reads the arguments of the command.
 * @param tokenAudience audience of the token when the command names none. Default `auth`
 * @throws StartupError in one line
 */
export function readTokenCommand(args: readonly string[], tokenAudience = 'auth'): TokenCommand {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (positionals.length > 0)
    throw new StartupError(`"${positionals[0]}" is one argument too many; ${SEE_HELP}`);
  const makesKeys = values['make-keys'] === true;
  const [command, takes] = makesKeys
    ? (['npm run token -- --make-keys', ['make-keys', 'key', 'jwks']] as const)
    : (['npm run token -- --caller', ['caller', 'key', 'ttl', 'audience']] as const);
  refuseOtherOptions(values, { command, takes });
  if (values.key === undefined) throw new StartupError(`--key FILE is missing: ${SEE_HELP}`);
  if (makesKeys) {
    if (values.jwks === undefined) throw new StartupError(`--jwks FILE is missing: ${SEE_HELP}`);
    return { kind: 'make-keys', key: values.key, jwks: values.jwks };
  }
  if (values.caller === undefined) throw new StartupError(`--caller CALLER is missing: ${SEE_HELP}`);
  const request = {
    caller: values.caller,
    audience: values.audience ?? tokenAudience,
    ttlSeconds: toSeconds(values.ttl ?? '15m'),
  };
  return { kind: 'mint', key: values.key, request };
}

/**
 * Makes a token or a key pair, and answers the output.
 * @param folder that relative paths start from
 * @throws StartupError when a file cannot be read or written
 */
export async function runTokenCommand(command: TokenCommand, folder: string): Promise<string> {
  const key = resolve(folder, command.key);
  if (command.kind === 'mint') return `${await mintToken(await readPrivateKey(key), command.request)}\n`;
  const jwks = resolve(folder, command.jwks);
  await writeKeyPair(key, jwks);
  return `wrote ${key} (private, for its owner alone) and ${jwks} (public)\n`;
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const;

function toSeconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new StartupError(`--ttl must be like 90s, 15m or 1h, not "${text}"`);
  return Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
}
