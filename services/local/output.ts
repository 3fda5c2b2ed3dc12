import type { LogOutput } from '@rollcall/runtime';

/** Where a start tells what it does. */
export interface LocalOutput {
  /** One line. */
  say(line: string): void;
  /**
   * Runs a step, then tells what came of it and how long it took; tells nothing when it fails.
   * @param run answers what came of it, in a few words
   */
  step(name: string, run: () => Promise<string>): Promise<void>;
}

const NAME_WIDTH = 10;
const RESULT_WIDTH = 30;

/** Tells it line by line. Lines that a full disk does not take are dropped, and a line says how many. */
export function createOutput(stream: LogOutput): LocalOutput {
  const say = (line: string) => stream.write(`${line}\n`);
  stream.onRecovery = (dropped) => say(`${dropped} lines could not be written here.`);
  return {
    say,
    step: async (name, run) => {
      const started = performance.now();
      const result = await run();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`  ${name.padEnd(NAME_WIDTH)} ${result.padEnd(RESULT_WIDTH)} ${seconds} s`);
    },
  };
}
