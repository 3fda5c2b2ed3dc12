import { spawn, spawnSync } from 'node:child_process';
import { createClient } from '@connectrpc/connect';
import { startAuth, type TestAuth } from '@rollcall/auth/testing';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService } from '@rollcall/contract/user';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The cases that a person who debugs by hand goes through, as each tool spells them. */
interface Tool {
  readonly name: string;
  list(address: string): string[];
  describe(address: string, symbol: string): string[];
  call(address: string, method: string, request: object): string[];
}

const GRPCURL: Tool = {
  name: 'grpcurl',
  list: (address) => ['grpcurl', '-plaintext', address, 'list'],
  describe: (address, symbol) => ['grpcurl', '-plaintext', address, 'describe', symbol],
  call: (address, method, request) => [
    'grpcurl',
    '-plaintext',
    '-d',
    JSON.stringify(request),
    address,
    method,
  ],
};

const BUF_CURL: Tool = {
  name: 'buf curl',
  list: (address) => [
    'buf',
    'curl',
    '--protocol',
    'grpc',
    '--http2-prior-knowledge',
    '--list-services',
    `http://${address}`,
  ],
  describe: (address) => [
    'buf',
    'curl',
    '--protocol',
    'grpc',
    '--http2-prior-knowledge',
    '--list-methods',
    `http://${address}`,
  ],
  call: (address, method, request) => [
    ...['buf', 'curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', JSON.stringify(request)],
    `http://${address}/${method}`,
  ],
};

const tool = spawnSync('grpcurl', ['-version']).error ? BUF_CURL : GRPCURL;

const stack = new AsyncDisposableStack();
const tenantId = freshTenant();
let auth: TestAuth;
let address: string;
let id: string;

beforeAll(async () => {
  process.stdout.write(`These cases ran with ${tool.name}.\n`);
  const database = stack.use(await createTestDatabase('auth'));
  auth = stack.use(await startAuth({ databaseUrl: database.url }));
  address = auth.address;
  using transport = createGrpcTransport({ address });
  ({ id } = await seedUser({ admin: createClient(UserAdminService, transport) }, tenantId));
});

afterAll(() => stack.disposeAsync());

// The service lives in this process, so the tool must not block it.
async function run([command = '', ...args]: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, output: chunks.join('') };
}

describe(`${tool.name}, without a proto file`, () => {
  it('lists the services', async () => {
    const { status, output } = await run(tool.list(address));
    expect(output.trim().split('\n')).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'rollcall.auth.v1.AuthService',
      'rollcall.user.v1.UserAdminService',
      'rollcall.user.v1.UserService',
    ]);
    expect(status).toBe(0);
  });

  it('describes a service', async () => {
    const { status, output } = await run(tool.describe(address, 'rollcall.user.v1.UserService'));
    expect(output).toContain('BatchGetUsers');
    if (tool === GRPCURL) expect(output).toContain('An id is never left out.');
    expect(status).toBe(0);
  });

  it('calls', async () => {
    const { status, output } = await run(
      tool.call(address, 'rollcall.user.v1.UserService/GetUser', { tenant_id: tenantId, id }),
    );
    expect(JSON.parse(output)).toMatchObject({ user: { id, displayName: 'Ada Lovelace' } });
    expect(status).toBe(0);
  });

  it(`shows an error with its reason${tool === BUF_CURL ? ', which it leaves encoded' : ' decoded'}`, async () => {
    const nobody = { tenant_id: tenantId, id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
    const { status, output } = await run(tool.call(address, 'rollcall.user.v1.UserService/GetUser', nobody));
    expect(tool === BUF_CURL ? decodeDetails(output) : output).toContain('USER_NOT_FOUND');
    expect(output).toContain('google.rpc.ErrorInfo');
    expect(status).not.toBe(0);
  });

  it('shows which field is wrong', async () => {
    const { output } = await run(
      tool.call(address, 'rollcall.user.v1.UserService/GetUser', { tenant_id: tenantId, id: '42' }),
    );
    expect(output).toContain('must be a valid UUID');
    expect(output).toContain('google.rpc.BadRequest');
  });
});

function decodeDetails(output: string): string {
  const { details } = JSON.parse(output) as { details: { value: string }[] };
  return details.map(({ value }) => Buffer.from(value, 'base64').toString()).join();
}
