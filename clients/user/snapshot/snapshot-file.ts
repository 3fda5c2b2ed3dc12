import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type User, UserSchema, type UserView } from '@rollcall/contract/user';
import { compactUser, detachString } from '../model/compact-user.ts';
import { toView } from '../options/check-options.ts';
import { toTenantId, toUserId } from '../options/ids.ts';

/** A user as a snapshot has it. */
export interface SnapshotEntry {
  readonly user: User;
  /** The id it was asked for by: not its own after a merge. */
  readonly id: string;
  readonly view: UserView;
  /** Age in ms when the snapshot was written. */
  readonly ageMs: number;
  /** A later version, up to which only ratings or statistics changed. Absent: none. */
  readonly dueVersion?: bigint | undefined;
}

/** What stands in a snapshot. */
export interface Snapshot {
  /** Unix time in ms. */
  readonly writtenAtMs: number;
  /** Identity of the change feed that the users were true of. Absent, or empty: not known. */
  readonly feed?: string;
  /** The most recently used first. */
  readonly entries: readonly SnapshotEntry[];
}

/** The file is no snapshot that this version can use. */
export class SnapshotUnusableError extends Error {
  override readonly name = 'SnapshotUnusableError';
  /** It was never a snapshot, so that overwriting it may destroy somebody's work. */
  readonly isForeign: boolean;

  constructor(fault: string, isForeign = false) {
    super(fault);
    this.isForeign = isForeign;
  }
}

const MAGIC = 'rollcall-user-snapshot';
/** Raised when a line means something else. */
const FORMAT = 1;
/** What the header can hold of a feed's identity; readers of before pass it over. */
const FEED = /^[\w.-]{1,200}$/;
/** Lines between two writes, so that the process does something else in between. */
const CHUNK_LINES = 500;
/** Bytes of the last line. */
const END_BYTES = `sha256 ${'0'.repeat(64)}\n`.length;

/** How far a write goes. */
interface WriteLimits {
  /** Of the file. Entries beyond are left out, the least recently used ones first. */
  maxBytes: number;
  /** Ends the write, and nothing is left of it. Absent: nothing does. */
  signal?: AbortSignal;
}

/**
 * Writes a snapshot for its owner alone (mode 0600): to a file beside it first, which then takes its place, so that who
 * reads sees the old one or the new one whole. Text: a line that names the format, the time and the feed, a line per user, a line
 * with the SHA-256 of all before. Answers how many entries it has. Rejects with the error of the file system, or the reason
 * of the signal.
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
      // Goes on until all is written, which `write` need not do.
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

/** Removes what a process left behind that was killed while it wrote: names, of which nobody else knew. Throws the error of the file system. */
export function removeUnfinished(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  if (!existsSync(folder)) return;
  for (const each of readdirSync(folder))
    if (each.startsWith(name) && UNFINISHED.test(each.slice(name.length)))
      rmSync(join(folder, each), { force: true });
}

/**
 * Reads a snapshot, at once. Undefined: there is no file. Throws SnapshotUnusableError where it is larger than `maxBytes`,
 * damaged, of another format or something else altogether, and the error of the file system.
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

/** As many lines as fit, some at a time: what counts little in memory, letters beyond Latin-1, takes more of the file. */
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

// Readers of before pass the last part over.
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
    // A part of the whole file's text, which even the last match of a pattern would keep.
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
