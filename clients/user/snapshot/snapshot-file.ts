import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type User, UserSchema, type UserView } from '@rollcall/contract/user';
import { compactUser, detachString } from '../model/compact-user.ts';
import { toView } from '../options/check-options.ts';
import { toTenantId, toUserId } from '../options/ids.ts';

/** A user in a snapshot. */
export interface SnapshotEntry {
  readonly user: User;
  /** The id that was asked for. After a merge it differs from the user's. */
  readonly id: string;
  readonly view: UserView;
  /** Age in ms when the snapshot was written. */
  readonly ageMs: number;
  /** A later version that changed ratings or statistics only. Absent: none. */
  readonly dueVersion?: bigint | undefined;
}

/** The content of a snapshot. */
export interface Snapshot {
  /** Unix time in ms. */
  readonly writtenAtMs: number;
  /** Identity of the change feed that the users belong to. Absent or empty: not known. */
  readonly feed?: string;
  /** The most recently used first. */
  readonly entries: readonly SnapshotEntry[];
}

/** The file is not a snapshot that this version can read. */
export class SnapshotUnusableError extends Error {
  override readonly name = 'SnapshotUnusableError';
  /** Whether the file was never a snapshot. Overwriting it may destroy someone's work. */
  readonly isForeign: boolean;

  constructor(fault: string, isForeign = false) {
    super(fault);
    this.isForeign = isForeign;
  }
}

const MAGIC = 'rollcall-user-snapshot';
/** Raised when a line changes its meaning. */
const FORMAT = 1;
/** Identities of a feed that the header can hold. Earlier versions ignore the field. */
const FEED = /^[\w.-]{1,200}$/;
/** Lines per write, so that the process can do other work in between. */
const CHUNK_LINES = 500;
/** Bytes of the last line. */
const END_BYTES = `sha256 ${'0'.repeat(64)}\n`.length;

interface WriteLimits {
  /** Most bytes of the file. The least recently used entries are left out. */
  maxBytes: number;
  /** Aborts the write, and removes its file. Absent: the write is not aborted. */
  signal?: AbortSignal;
}

/**
 * Writes a snapshot with mode 0600: first to a temporary file, which is then renamed, so that a reader gets
 * the old or the new one whole. It is text: a line with format, time and feed, a line per user, and a line
 * with the SHA-256 of all before. Returns the number of entries. Rejects with the error of the file system,
 * or the reason of the signal.
 */
export async function writeSnapshot(
  path: string,
  { writtenAtMs, feed = '', entries }: Snapshot,
  { maxBytes, signal }: WriteLimits,
): Promise<number> {
  signal?.throwIfAborted();
  const header = `${MAGIC} ${FORMAT} ${writtenAtMs}${FEED.test(feed) ? ` ${feed}` : ''}\n`;
  let written = 0;
  const temporary = `${path}.${randomUUID()}.tmp`;
  const hash = createHash('sha256');
  try {
    await using file = await open(temporary, 'wx', 0o600);
    const write = async (text: string) => {
      signal?.throwIfAborted();
      hash.update(text);
      // Unlike `write`, it returns only when all is written.
      await file.writeFile(text);
    };
    await write(header);
    for (const lines of toChunks(entries, maxBytes - header.length - END_BYTES)) {
      await write(lines.join(''));
      written += lines.length;
    }
    await file.writeFile(`sha256 ${hash.digest('hex')}\n`);
    await file.sync();
    await file.close();
    signal?.throwIfAborted();
    await rename(temporary, path);
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const UNFINISHED = /^\.[0-9a-f-]{36}\.tmp$/;

/**
 * Removes temporary files of a process that was killed during a write.
 * @throws the error of the file system
 */
export function removeUnfinished(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  if (!existsSync(folder)) return;
  for (const each of readdirSync(folder))
    if (each.startsWith(name) && UNFINISHED.test(each.slice(name.length)))
      rmSync(join(folder, each), { force: true });
}

/**
 * Reads a snapshot synchronously. Undefined: there is no file.
 * @throws SnapshotUnusableError when it is larger than `maxBytes`, damaged, of another format or another
 * file; or the error of the file system
 */
export function readSnapshot(path: string, maxBytes: number): Snapshot | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  if (size > maxBytes)
    throw new SnapshotUnusableError(`its ${size} bytes are more than maxBytes ${maxBytes}`);
  const text = readFileSync(path, 'latin1');
  if (!text.startsWith(`${MAGIC} `)) throw new SnapshotUnusableError('it is no snapshot', true);
  const endsAt = text.lastIndexOf('\nsha256 ') + 1;
  const [header = '', ...lines] = text.slice(0, endsAt).split('\n').slice(0, -1);
  const [, format, writtenAt, feed = ''] = header.split(' ');
  if (endsAt > 0 && Number(format) !== FORMAT)
    throw new SnapshotUnusableError(`its format is ${format}, not ${FORMAT}`);
  const sum = createHash('sha256').update(text.slice(0, endsAt), 'latin1').digest('hex');
  const writtenAtMs = Number(writtenAt);
  if (text.slice(endsAt) !== `sha256 ${sum}\n` || !Number.isSafeInteger(writtenAtMs))
    throw new SnapshotUnusableError('it is damaged');
  return { writtenAtMs, feed: detachString(feed), entries: lines.map(toEntry) };
}

/**
 * The lines that fit, in chunks. Letters beyond Latin-1 take more of the file than of the estimate in memory.
 */
function* toChunks(entries: readonly SnapshotEntry[], maxBytes: number): Iterable<string[]> {
  let bytes = 0;
  for (let at = 0; at < entries.length && bytes <= maxBytes; at += CHUNK_LINES) {
    const lines: string[] = [];
    for (const entry of entries.slice(at, at + CHUNK_LINES)) {
      const line = toLine(entry);
      bytes += line.length;
      if (bytes > maxBytes) break;
      lines.push(line);
    }
    yield lines;
  }
}

// Earlier versions ignore the last field.
function toLine({ user, id, view, ageMs, dueVersion }: SnapshotEntry): string {
  const bytes = Buffer.from(toBinary(UserSchema, user)).toString('base64');
  const due = dueVersion === undefined ? '' : ` ${dueVersion}`;
  return `${view} ${Math.max(0, Math.ceil(ageMs))} ${id} ${bytes}${due}\n`;
}

function toEntry(line: string): SnapshotEntry {
  try {
    const [view, ageMs, id = '', bytes = '', due] = line.split(' ');
    const user = fromBinary(UserSchema, Buffer.from(bytes, 'base64'));
    toUserId(user.id, 'user.id');
    toTenantId(user.tenantId);
    if (!(Number(ageMs) >= 0)) throw new RangeError('no age');
    // Detached, because a slice would keep the text of the whole file.
    const known = {
      id: toUserId(detachString(id), 'id'),
      view: toView(Number(view) as UserView),
      ageMs: Number(ageMs),
    };
    return { user: compactUser(user), ...known, ...(due !== undefined && { dueVersion: BigInt(due) }) };
  } catch (cause) {
    throw new SnapshotUnusableError(`a line of it is no user: ${(cause as Error).message}`);
  }
}
