import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Runs a script in a Node of its own and answers what it wrote to its standard output. Rejects with what it complained
 * about where it fails.
 * @param env added to this process's environment
 * @param nodeOptions for Node itself, such as `--expose-gc`
 */
export async function runScript(
  script: URL,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  nodeOptions: readonly string[] = [],
): Promise<string> {
  const child = spawn(process.execPath, [...nodeOptions, fileURLToPath(script), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`${script.pathname} ended with ${code}: ${complaint.trim()}`);
  return output;
}
