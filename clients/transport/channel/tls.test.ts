import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Code, createClient } from '@connectrpc/connect';
import { ServerCredentials } from '@grpc/grpc-js';
import { UserService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createGrpcTransport, type TlsOptions } from '../index.ts';
import { startGrpcTestServer } from '../testing/index.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl)
  process.stderr.write('skipped: TLS, because openssl is not on the PATH to make a certificate\n');

/** A private key and its self-signed certificate for `users.test`, in PEM. */
function makeCertificate(): { key: Buffer; certificate: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-tls-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const subject = ['-subj', '/CN=users.test', '-addext', 'subjectAltName=DNS:users.test'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', ...curve, ...subject, '-days', '1', '-keyout', key, '-out', certificate],
      { stdio: 'pipe' },
    );
    return { key: readFileSync(key), certificate: readFileSync(certificate) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.skipIf(!hasOpenssl)('TLS', () => {
  async function callOver(toTls: (certificate: Buffer) => TlsOptions): Promise<string> {
    const { key, certificate } = makeCertificate();
    const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: certificate }]);
    await using server = await startGrpcTestServer(
      UserService,
      { getUser: () => ({ user: { id: 'over TLS' } }) },
      { credentials },
    );
    using transport = createGrpcTransport({
      address: server.address,
      tls: toTls(certificate),
      defaultTimeoutMs: 5_000,
    });
    const answer = createClient(UserService, transport).getUser({});
    return await answer.then(
      ({ user }) => user?.id ?? '',
      (error) => Code[error.code] ?? '',
    );
  }

  it('calls a server whose certificate is trusted and has the name', async () => {
    expect(
      await callOver((certificate) => ({ rootCertificates: certificate, serverName: 'users.test' })),
    ).toBe('over TLS');
  });

  it('refuses a certificate of another name, or an untrusted one', async () => {
    expect(await callOver((certificate) => ({ rootCertificates: certificate }))).toBe('Unavailable');
    expect(await callOver(() => ({ serverName: 'users.test' }))).toBe('Unavailable');
  });

  it('closes the connection to a server that is silent after the handshake', async () => {
    const { key, certificate } = makeCertificate();
    const sockets: Socket[] = [];
    const server = createServer({ key, cert: certificate, ALPNProtocols: ['h2'] }, (socket) => {
      sockets.push(socket.on('error', () => {}));
    });
    using stack = new DisposableStack();
    stack.defer(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    using transport = createGrpcTransport({
      address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      tls: { rootCertificates: certificate, serverName: 'users.test' },
      defaultTimeoutMs: 10_000,
      connectTimeoutMs: 200,
    });
    await expect(createClient(UserService, transport).getUser({})).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringContaining('the server did not answer within 200 ms'),
    });
  });
});
