import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, listeningPorts, runMain, startMain } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const NOBODY = 'postgres://nobody@127.0.0.1:1/nothing';

describe('the billing process', () => {
  it('names every invalid setting, one line each, without a secret, and exits 1', async () => {
    const { code, stderr } = await runMain(MAIN, {
      BILLING_GRPC_PORT: 'x',
      STRIPE_API_BASE: 'ftp://hush@stripe',
      STRIPE_WEBHOOK_TOLERANCE_S: '0',
    });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^BILLING_DATABASE_URL is not set: /),
      expect.stringMatching(/^BILLING_GRPC_PORT must be /),
      expect.stringMatching(/^STRIPE_API_BASE must be of the form /),
      expect.stringMatching(/^STRIPE_WEBHOOK_TOLERANCE_S must be /),
    ]);
    expect(stderr).not.toContain('hush');
  });

  it('names the database that does not answer, and exits 1', async () => {
    const { code, stderr } = await runMain(MAIN, { BILLING_DATABASE_URL: NOBODY });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database of BILLING_DATABASE_URL does not answer \(.+\): start it.*\n$/);
  });

  it.each(['AUTH_ADDRESS', 'BOOKING_ADDRESS'])('names a malformed %s, and exits 1', async (name) => {
    await using database = await createTestDatabase('billing');
    const { code, stderr } = await runMain(MAIN, { BILLING_DATABASE_URL: database.url, [name]: 'nowhere' });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name} is not an address to call \\(.+\\): correct it\\n$`));
  });

  it('starts while all other services are away, and ends by SIGTERM with 0', async () => {
    await using database = await createTestDatabase('billing');
    const child = startMain(MAIN, {
      ...{ BILLING_DATABASE_URL: database.url, AUTH_ADDRESS: '127.0.0.1:1', BOOKING_ADDRESS: '127.0.0.1:1' },
      ...{ BILLING_GRPC_PORT: '0', BILLING_HTTP_PORT: '0', STRIPE_API_BASE: 'http://127.0.0.1:1' },
    });
    try {
      const { httpPort } = await listeningPorts(child);
      const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
      expect([response.status, await response.text()]).toEqual([200, 'ready\n']);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
