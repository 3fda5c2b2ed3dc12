import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isProcessAlive } from '@rollcall/runtime';
import { ImportFault } from '../import-fault.ts';

/** A row or a value that was not imported as it is. */
export interface ReportLine {
  /** Line of the file. The header has line 1. */
  readonly line: number;
  readonly outcome: 'unlinked' | 'refused' | 'left-out';
  /** Names columns and rules, never values. */
  readonly reason: string;
}

/**
 * Report of an import as CSV with the columns line, outcome, reason. It is renamed to its path when it is
 * complete. Disposing removes an incomplete report.
 */
export interface ReportFile extends AsyncDisposable {
  /** Throws ImportFault where the disk is full. */
  add(lines: readonly ReportLine[]): Promise<void>;
  /** Renames the report to its path, over an older one. @throws ImportFault when that fails */
  finish(): Promise<void>;
}

/**
 * Opens a report, and removes partial reports of killed imports.
 * @throws ImportFault when its folder cannot be written
 */
export async function openReport(path: string): Promise<ReportFile> {
  const partial = `${path}.${process.pid}.partial`;
  if (await isDirectory(path)) {
    throw new ImportFault(`Cannot write the report ${path}: it is a folder; name a file with --report FILE`);
  }
  const file = await orFault(path, () => open(partial, 'w', 0o600));
  await removeAbandoned(path);
  let isOpen = true;
  const close = async (handle: FileHandle) => {
    isOpen = false;
    await handle.close();
  };
  const report: ReportFile = {
    add: (lines) => orFault(path, () => file.writeFile(lines.map(toCsv).join(''))),
    finish: () =>
      orFault(path, async () => {
        await file.sync();
        await close(file);
        await rename(partial, path);
      }),
    async [Symbol.asyncDispose]() {
      if (isOpen) await close(file);
      await rm(partial, { force: true });
    },
  };
  try {
    await orFault(path, () => file.writeFile('line,outcome,reason\n'));
  } catch (error) {
    await report[Symbol.asyncDispose]();
    throw error;
  }
  return report;
}

/** Removes partial reports of ended processes. */
async function removeAbandoned(path: string): Promise<void> {
  const [folder, prefix] = [dirname(path), `${basename(path)}.`];
  // A folder that can be written, but not listed, keeps them.
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const [, pid] = /^(\d+)\.partial$/.exec(name.slice(prefix.length)) ?? [];
    if (pid !== undefined && !isProcessAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function toCsv({ line, outcome, reason }: ReportLine): string {
  const text = /[",\n]/.test(reason) ? `"${reason.replaceAll('"', '""')}"` : reason;
  return `${line},${outcome},${text}\n`;
}

async function orFault<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ImportFault(
      `Cannot write the report ${path} (${code}): name another place with --report FILE`,
      {
        cause: error,
      },
    );
  }
}
