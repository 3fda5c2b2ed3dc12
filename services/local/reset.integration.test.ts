import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confirmReset, resetDataDirectory } from './data-directory/data-directory.ts';
import { startEmbeddedPostgres } from './postgres/start-embedded-postgres.ts';
import { writeSampleState } from './sample/sample-state.ts';

describe('a reset', () => {
  let dataDirectory = '';

  beforeEach(() => {
    dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-reset-')));
    chmodSync(dataDirectory, 0o711);
  });

  afterEach(() => {
    rmSync(dataDirectory, { recursive: true });
  });

  it('removes database, secret, sample state and the names of users, and nothing of anybody else', async () => {
    const options = { dataDirectory, port: 0, databases: ['auth'], durable: false };
    const before = await startEmbeddedPostgres(options);
    await before[Symbol.asyncDispose]();
    writeSampleState(dataDirectory, 'loaded');
    writeFileSync(join(dataDirectory, 'notes.txt'), 'mine');
    mkdirSync(join(dataDirectory, 'booking'));
    writeFileSync(join(dataDirectory, 'booking/users.snapshot'), 'names');

    expect(await resetDataDirectory(dataDirectory)).toBe(join(dataDirectory, 'postgres'));
    expect(readdirSync(dataDirectory).sort()).toEqual(['logs', 'notes.txt']);

    await using after = await startEmbeddedPostgres(options);
    expect(after.adminUrl).not.toBe(before.adminUrl);
  });

  it('says where the database was that root keeps outside', async ({ skip }) => {
    skip(process.geteuid?.() !== 0, 'only root keeps a database outside the data directory');
    chmodSync(dataDirectory, 0o700);
    const database = await startEmbeddedPostgres({ dataDirectory, port: 0, durable: false });
    await database[Symbol.asyncDispose]();
    expect(await resetDataDirectory(dataDirectory)).toBe(join(database.location, '..'));
    expect(existsSync(database.location)).toBe(false);
  });

  it('does not open a database whose secret is gone, and says what to do', async () => {
    const options = { dataDirectory, port: 0, durable: false };
    const first = await startEmbeddedPostgres(options);
    await first[Symbol.asyncDispose]();
    rmSync(join(dataDirectory, 'postgres-secret'));
    await expect(startEmbeddedPostgres(options)).rejects.toThrow(
      /postgres-secret is missing.*begin anew with "npm start -- --reset"$/,
    );
    expect(existsSync(join(dataDirectory, 'postgres/data'))).toBe(true);
  });

  it('needs no answer when it was given beforehand, and refuses to guess without a terminal', async () => {
    expect(await confirmReset(dataDirectory, { yes: true, isTerminal: false })).toBe(true);
    await expect(confirmReset(dataDirectory, { yes: false, isTerminal: false })).rejects.toThrow(
      'no terminal to ask on: add --yes',
    );
  });
});
