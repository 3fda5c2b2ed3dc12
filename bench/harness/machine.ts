import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What the figures were taken on, in a line: figures of different machines must not be compared. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() || 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const cores = `${processors.length} ${processors.length === 1 ? 'core' : 'cores'}`;
  return `${cores} of ${model}, ${memoryGiB} GiB, ${platform()} ${release()} ${arch()}, Node ${process.version}`;
}

/** How much the machine had to do before the run, in a line: above a tenth of its cores, figures say little. */
export function describeLoad(): string {
  return `load before the run: ${(loadavg()[0] ?? 0).toFixed(2)} of ${cpus().length} cores`;
}
