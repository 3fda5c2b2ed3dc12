import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { UserService } from '@rollcall/contract/user';
import { createLogger, readConfig } from '@rollcall/runtime';
import { createTokenVerifier, watchKeys, writeKeyPair } from '@rollcall/runtime/callers';
import { createTestAuthority } from '@rollcall/runtime/testing';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAuthCredentials } from './auth-credentials.ts';
import { connectUserAccess } from './connect-user-access.ts';
import { userAccessSettings } from './settings.ts';

const ID = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-user-access-'));
});
afterAll(() => rm(folder, { recursive: true }));

const put = async (content: string) => {
  const path = join(folder, crypto.randomUUID());
  await writeFile(path, content);
  return path;
};
const prefix = 'VENDOR';
const logger = createLogger({ service: 'vendor', level: 'silent' });
const settings = (env: NodeJS.ProcessEnv) =>
  readConfig(userAccessSettings({ prefix, service: 'vendor' }), env);

describe('the credentials of a service', () => {
  it('identify it over TLS, by a certificate and by its own tokens', async () => {
    const authority = createTestAuthority();
    const server = authority.issue({ names: ['localhost'] });
    const own = authority.issue({ uris: ['spiffe://example.org/vendor'] });
    const [key, jwks] = [join(folder, 'key'), join(folder, 'jwks')];
    await writeKeyPair(key, jwks);
    const headers: string[] = [];
    const credentials = ServerCredentials.createSsl(
      Buffer.from(authority.certificate),
      [{ private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.certificate) }],
      true,
    );
    await using service = await startGrpcTestServer(
      UserService,
      {
        batchGetUsers: ({ ids }, { requestHeader }) => {
          headers.push(requestHeader.get('authorization') ?? '');
          return {
            outcomes: ids.map((id) => ({
              id,
              outcome: { case: 'user', value: { id, tenantId: 'demo', version: 1n, state: 1, role: 1 } },
            })),
          };
        },
      },
      { credentials },
    );
    const config = settings({
      AUTH_ADDRESS: `localhost:${service.port}`,
      VENDOR_AUTH_CA_FILE: await put(authority.certificate),
      VENDOR_TLS_CERT_FILE: await put(own.certificate),
      VENDOR_TLS_KEY_FILE: await put(own.key),
      VENDOR_CALLER_KEY_FILE: key,
    });
    await using access = await connectUserAccess(config, { prefix, logger, clock: () => 0 });
    const found = await access.client.forTenant('demo').lookup(ID, { timeoutMs: 5_000 });
    expect(found).toMatchObject({ outcome: 'found' });
    using keys = await watchKeys({ variable: 'TEST', path: jwks }, { onError: () => {} });
    const [token = ''] = headers.map((header) => header.replace('Bearer ', ''));
    expect(await createTokenVerifier(keys, { audience: 'auth' }).verify(token)).toBe('vendor');
  });

  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['a certificate has no key', { VENDOR_TLS_CERT_FILE: 'c' }, 'VENDOR_TLS_KEY_FILE'],
    [
      'there is no TLS for it',
      { VENDOR_TLS_CERT_FILE: 'c', VENDOR_TLS_KEY_FILE: 'k' },
      'VENDOR_AUTH_CA_FILE',
    ],
    [
      'a file is missing',
      { VENDOR_AUTH_CA_FILE: '/nope/ca' },
      'VENDOR_AUTH_CA_FILE (/nope/ca) cannot be read',
    ],
    [
      'a private key is missing',
      { VENDOR_CALLER_KEY_FILE: '/nope/key' },
      'VENDOR_CALLER_KEY_FILE: The private key /nope/key cannot be used: ENOENT',
    ],
  ])('name the setting when %s', async (_, env, words) => {
    await expect(readAuthCredentials(settings(env), prefix)).rejects.toThrow(words);
  });

  it('name the setting when the caller name cannot stand in a token', async () => {
    const key = join(folder, crypto.randomUUID());
    await writeKeyPair(key, `${key}.jwks`);
    const env = { VENDOR_CALLER_KEY_FILE: key, VENDOR_CALLER: 'Vendor!' };
    await expect(readAuthCredentials(settings(env), prefix)).rejects.toThrow(
      'VENDOR_CALLER "Vendor!" cannot name a caller',
    );
  });

  it('name the setting when a remote address would be called without TLS', async () => {
    const config = settings({ AUTH_ADDRESS: 'users.internal:50051' });
    await expect(connectUserAccess(config, { prefix, logger })).rejects.toThrow('set VENDOR_AUTH_CA_FILE');
  });
});
