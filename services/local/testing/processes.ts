import { type ChildProcess, spawnSync } from 'node:child_process';

/** Every process of the machine. */
export function processes(): { pid: number; parent: number; args: string }[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, args = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    args,
  }));
}

/** The process of a launcher's service, by the end of its command line. */
export function childOf(launcher: ChildProcess, entry: string): number {
  const found = processes().find(({ parent, args }) => parent === launcher.pid && args.endsWith(entry));
  if (!found) throw new Error(`${entry} does not run`);
  return found.pid;
}
