import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** An empty project outside the repository. Disposing removes it. */
export interface StrangersProject extends AsyncDisposable {
  readonly directory: string;
  /**
   * Runs a command here, as outside the repository: nothing that npm tells its scripts reaches it. Answers
   * stdout.
   */
  run(command: string, ...args: string[]): Promise<string>;
  /** Installs packages with plain npm. */
  install(...packages: string[]): Promise<void>;
  /** Writes a file and answers its path. */
  write(name: string, text: string): Promise<string>;
}

interface Failed {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the project: a `package.json` that says ES modules, and nothing else. */
export async function openStrangersProject(): Promise<StrangersProject> {
  const directory = await mkdtemp(join(tmpdir(), 'stranger-'));
  const write = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  await write('package.json', JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  const runHere = async (command: string, ...args: string[]) => {
    const options = { cwd: directory, env: environment(), maxBuffer: 64 * 1024 * 1024 };
    try {
      return (await run(command, args, options)).stdout;
    } catch (error) {
      const { code, signal, stdout, stderr } = error as Failed;
      // The beginning and the end say what failed; the rest would hide the other tests' faults in a log.
      const said = `${stdout}${stderr}`.replace(/^([\s\S]{2000})[\s\S]+([\s\S]{2000})$/, '$1\n…\n$2');
      throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${said}`);
    }
  };
  return {
    directory,
    run: runHere,
    install: async (...packages) => {
      // One more try after a second: by itself npm goes on for minutes where no registry answers.
      const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
      const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...patience];
      await runHere('npm', 'install', ...quiet, ...packages);
    },
    write,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** Packs the clients into a directory and answers the tarballs. */
export async function packClients(directory: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [`${top}clients/pack.mjs`, '--out', directory]);
  return stdout.trim().split('\n');
}

/** The address that packages come from stays, and all else that npm tells the scripts it runs goes. */
function environment(): NodeJS.ProcessEnv {
  const kept = ['npm_config_registry', 'npm_config_cache', 'npm_config_userconfig'];
  const entries = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('npm_') || kept.includes(name),
  );
  return Object.fromEntries(entries);
}
