import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, query, type TestDatabase } from '@rollcall/runtime/testing';
import { inject } from 'vitest';

const SIZE = '160m';

/** A file system of its own that can be filled. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted; everybody may write there. */
  readonly path: string;
  /** A test database whose tables lie on it; the write-ahead log does not. */
  createDatabase(service: string): Promise<TestDatabase>;
  /** Leaves no room. */
  fill(): Promise<void>;
  /** Gives the room back. */
  free(): void;
}

/** @returns undefined where this process may mount nothing */
export async function mountSmallDisk(): Promise<SmallDisk | undefined> {
  const path = mkdtempSync(join(tmpdir(), 'rollcall-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=1777`, 'tmpfs', path]);
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true });
    return undefined;
  }
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    spawnSync('umount', ['-l', path]);
    rmSync(path, { recursive: true });
  });
  const tablespace = await createTablespace(path);
  const databases = stack.use(new AsyncDisposableStack());
  stack.adopt(undefined, async () => {
    await databases.disposeAsync();
    await asAdmin(`drop tablespace ${tablespace}`);
  });
  const filler = join(path, 'filler');
  const closers = stack.move();
  return {
    path,
    createDatabase: async (service) => {
      const database = databases.use(await createTestDatabase(service));
      await asAdmin(`alter database ${new URL(database.url).pathname.slice(1)} set tablespace ${tablespace}`);
      return database;
    },
    fill: () => fill(filler),
    free: () => rmSync(filler),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

async function createTablespace(disk: string): Promise<string> {
  const [row] = await asAdmin('show data_directory');
  const directory = join(disk, 'tables');
  mkdirSync(directory, { mode: 0o700 });
  // Of the user that Postgres runs as.
  const { uid, gid } = statSync(row?.data_directory as string);
  chownSync(directory, uid, gid);
  const name = `small_disk_${process.pid}`;
  await asAdmin(`create tablespace ${name} location '${directory}'`);
  return name;
}

function asAdmin(statement: string): Promise<Record<string, unknown>[]> {
  return query(inject('postgresAdminUrl'), statement);
}

/** A file that grows in steps until nothing more fits. */
async function fill(path: string): Promise<void> {
  for (let bytes = 8 * 1024 * 1024; bytes >= 1024; ) {
    try {
      await writeFile(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      bytes /= 2;
    }
  }
}
