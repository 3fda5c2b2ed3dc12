import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { StartupError } from '@rollcall/runtime';
import type { ChainRecord } from './chains/central-chain.ts';
import { checkChain, type StoredBatch } from './chains/chain-batches.ts';

// The first line has the format and the chain; every other line is a batch. Bytes are in base64.
const FORMAT = 'rollcall audit chain 1';

/** A file that does not hold the chain as it was written: a batch is missing or changed. */
export class BrokenExportError extends StartupError {}

/** The file name of a chain: when it was opened, and its id. */
export function exportName({ chain, openedMs }: ChainRecord): string {
  return `audit-${new Date(openedMs).toISOString().replaceAll(/[:.]/g, '-')}-${chain}.jsonl.gz`;
}

/**
 * Writes a chain to a file and reads it again. Replaces a file of this name when the new one is whole.
 * @returns SHA-256 of the file, hexadecimal
 * @throws BrokenExportError when the chain is broken; it leaves no file then
 */
export async function writeExport(
  path: string,
  record: ChainRecord,
  batches: AsyncIterable<StoredBatch>,
): Promise<string> {
  const unfinished = `${path}.part`;
  await rm(unfinished, { force: true });
  const to = createWriteStream(unfinished, { mode: 0o600, flags: 'wx', flush: true });
  await pipeline(Readable.from(linesOf(record, batches)), createGzip(), to);
  const digest = await checkExport(unfinished, record).catch(async (error: unknown) => {
    await rm(unfinished, { force: true });
    throw error;
  });
  await rename(unfinished, path);
  await syncDirectory(dirname(path));
  return digest;
}

async function* linesOf({ chain }: ChainRecord, batches: AsyncIterable<StoredBatch>) {
  yield `${JSON.stringify({ format: FORMAT, chain })}\n`;
  for await (const { seq, hash, lines } of batches)
    yield `${JSON.stringify({ seq, hash: hash.toString('base64'), lines: lines.toString('base64') })}\n`;
}

/** The file of a chain. */
interface ExportedChain {
  readonly chain: string;
  batches(): AsyncGenerator<StoredBatch>;
}

/**
 * Opens the file of a chain.
 * @throws StartupError when it is no such file
 */
export async function openExport(path: string): Promise<ExportedChain> {
  const none = (cause: unknown) =>
    new StartupError(`${path} is no exported chain of the audit log: ${(cause as Error).message}`, { cause });
  try {
    for await (const line of readLines(path)) {
      const { format, chain } = JSON.parse(line) as { format: string; chain: string };
      if (format !== FORMAT) throw new Error(`its format is ${format}`);
      return { chain, batches: () => readBatches(path) };
    }
  } catch (error) {
    throw none(error);
  }
  throw none(new Error('it is empty'));
}

/**
 * Computes the chain of a file again and compares it with the checkpoints of the central chain.
 * @returns SHA-256 of the file, hexadecimal
 * @throws BrokenExportError naming the first fault; StartupError when the file is of another chain, or cannot
 * be read
 */
export async function checkExport(path: string, record: ChainRecord): Promise<string> {
  const { chain, batches } = await openExport(path);
  if (chain !== record.chain) throw new StartupError(`${path} holds chain ${chain}, not ${record.chain}`);
  const check = await checkChain(record, batches()).catch((error: unknown) => {
    throw new StartupError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  if (check.finding)
    throw new BrokenExportError(`${path} is broken at ${check.finding.place}: ${check.finding.why}`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function* readBatches(path: string): AsyncGenerator<StoredBatch> {
  let isFirst = true;
  for await (const line of readLines(path)) {
    if (!isFirst) {
      const { seq, hash, lines } = JSON.parse(line) as { seq: number; hash: string; lines: string };
      yield { seq, hash: Buffer.from(hash, 'base64'), lines: Buffer.from(lines, 'base64') };
    }
    isFirst = false;
  }
}

async function* readLines(path: string): AsyncGenerator<string> {
  const text = createGunzip();
  // An error of either stream ends the loop below.
  const piped = pipeline(createReadStream(path), text).catch(() => undefined);
  let rest = '';
  for await (const chunk of text.setEncoding('utf8')) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  await piped;
  if (rest !== '') throw new Error('it ends in the middle of a line');
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(join(path, '.'));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
