import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, listeningPorts, runMain, startMain } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const NOBODY = 'postgres://nobody@127.0.0.1:1/nothing';

describe('the booking process', () => {
  it('names every wrong setting on its own line, and exits 1', async () => {
    const { code, stderr } = await runMain(MAIN, { BOOKING_GRPC_PORT: 'x', BOOKING_HTTP_PORT: '70000' });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^BOOKING_DATABASE_URL is not set: /),
      expect.stringMatching(/^BOOKING_GRPC_PORT must be /),
      expect.stringMatching(/^BOOKING_HTTP_PORT must be /),
    ]);
  });

  it('names the database that does not answer, and exits 1', async () => {
    const { code, stderr } = await runMain(MAIN, { BOOKING_DATABASE_URL: NOBODY });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database of BOOKING_DATABASE_URL does not answer \(.+\): start it.*\n$/);
  });

  it('names an invalid AUTH_ADDRESS, and exits 1', async () => {
    await using database = await createTestDatabase('booking');
    const env = { BOOKING_DATABASE_URL: database.url, AUTH_ADDRESS: 'nowhere' };
    const { code, stderr } = await runMain(MAIN, env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^AUTH_ADDRESS is not an address to call \(.+\): correct it\n$/);
  });

  it('names a snapshot path that cannot be written, and exits 1', async () => {
    await using database = await createTestDatabase('booking');
    const env = { BOOKING_DATABASE_URL: database.url, BOOKING_USERS_SNAPSHOT_PATH: `${MAIN}/users.snapshot` };
    const { code, stderr } = await runMain(MAIN, env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^BOOKING_USERS_SNAPSHOT_PATH: .+ cannot be written \(.+\): name a file .+\n$/);
  });

  it('starts while the user service is down, and exits 0 on SIGTERM', async () => {
    await using database = await createTestDatabase('booking');
    const env = { BOOKING_DATABASE_URL: database.url, AUTH_ADDRESS: '127.0.0.1:1' };
    const child = startMain(MAIN, { ...env, BOOKING_GRPC_PORT: '0', BOOKING_HTTP_PORT: '0' });
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
