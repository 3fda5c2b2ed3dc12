// npm run test:mutation -- [--room NAME]... [--per-room N] [--seed N]
// Changes the sources in place, one change at a time, runs the tests of their room, and puts the source back.
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findMutants } from './find-mutants.ts';
import { applyMutant, describeMutant, type Mutant } from './mutant.ts';
import { startSharedPostgres } from './postgres.ts';
import { ROOMS, type Room } from './rooms.ts';
import { runTests } from './run-tests.ts';
import { sample } from './sample.ts';

const GOAL = 0.85;
const LEAST_TIMEOUT_MS = 120_000;
// A busy machine fails tests, too.
const BASELINE_ATTEMPTS = 3;
const RESULTS = '.ci/results/mutation.json';
const NOT_MUTATED = /\.(test|test-support|d)\.ts$|\/testing\/|-suite\.ts$/;

interface Candidate {
  readonly file: string;
  readonly mutant: Mutant;
}

interface Outcome {
  readonly room: string;
  readonly file: string;
  readonly change: string;
  readonly result: 'killed' | 'timed out' | 'survived';
  /** The test that failed. */
  readonly failedTest?: string;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { rooms, count, seed } = readArguments();
  requireCleanTree();
  await using _postgres = await startSharedPostgres();
  const outcomes: Outcome[] = [];
  for (const room of rooms) outcomes.push(...(await mutateRoom(room, { count, seed })));
  mkdirSync('.ci/results', { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(outcomes, null, 2)}\n`);
  report(rooms, outcomes);
}

function readArguments(): { rooms: readonly Room[]; count: number; seed: number } {
  const { values } = parseArgs({
    options: {
      room: { type: 'string', multiple: true },
      'per-room': { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
    },
  });
  const rooms = ROOMS.filter(({ name }) => values.room?.includes(name) ?? true);
  const [count, seed] = [Number(values['per-room']), Number(values.seed)];
  if (rooms.length === 0 || rooms.length < (values.room?.length ?? 0)) {
    throw new Error(`--room takes ${ROOMS.map(({ name }) => name).join(', ')}.`);
  }
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    throw new Error('--per-room takes a whole number from 1, --seed a whole number.');
  }
  return { rooms, count, seed };
}

/** A change that is left behind by a killed run shows in git only where nothing else does. */
function requireCleanTree(): void {
  const status = execFileSync('git', ['status', '--porcelain', '--', '*.ts'], { encoding: 'utf8' });
  if (status !== '') throw new Error(`Commit or stash first; sources are changed in place:\n${status}`);
}

async function mutateRoom(room: Room, options: { count: number; seed: number }): Promise<Outcome[]> {
  const timeouts = await timeStages(room);
  const candidates = candidatesOf(room);
  const drawn = sample(candidates, options);
  say(`${room.name}: ${drawn.length} of ${candidates.length} changes`);
  const outcomes: Outcome[] = [];
  for (const candidate of drawn) {
    const outcome = await tryMutant(candidate, { room, timeouts });
    say(`  ${outcome.result.padEnd(9)} ${outcome.file}:${outcome.change}`);
    if (outcome.failedTest) say(`            by ${outcome.failedTest}`);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Runs each stage unchanged: it has to pass, and how long it takes bounds the runs with a change. */
async function timeStages(room: Room): Promise<number[]> {
  const timeouts: number[] = [];
  for (const stage of room.stages)
    timeouts.push(Math.max(LEAST_TIMEOUT_MS, 3 * (await timeStage(room, stage))));
  return timeouts;
}

async function timeStage(room: Room, stage: readonly string[]): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const beganMs = performance.now();
    const { result, failedTest } = await runTests(stage, 900_000);
    if (result === 'passed') return performance.now() - beganMs;
    const failure = `The tests of ${room.name} ${result} without any change: ${stage.join(' ')}: ${failedTest}.`;
    if (attempt === BASELINE_ATTEMPTS) throw new Error(failure);
    say(`${failure} Trying again.`);
  }
}

function candidatesOf({ sources }: Room): Candidate[] {
  const files = sources.flatMap((pattern) => globSync(pattern)).filter((file) => !NOT_MUTATED.test(file));
  return [...new Set(files)]
    .sort()
    .flatMap((file) => findMutants(readFileSync(file, 'utf8')).map((mutant) => ({ file, mutant })));
}

async function tryMutant(
  { file, mutant }: Candidate,
  { room, timeouts }: { room: Room; timeouts: readonly number[] },
): Promise<Outcome> {
  const source = readFileSync(file, 'utf8');
  const restore = () => writeFileSync(file, source);
  process.once('exit', restore);
  writeFileSync(file, applyMutant(source, mutant));
  try {
    const ended = await runStages(room, timeouts);
    return { room: room.name, file, change: describeMutant(source, mutant), ...ended };
  } finally {
    restore();
    process.removeListener('exit', restore);
  }
}

async function runStages(
  room: Room,
  timeouts: readonly number[],
): Promise<Pick<Outcome, 'result' | 'failedTest'>> {
  for (const [index, stage] of room.stages.entries()) {
    const timeoutMs = timeouts[index] as number;
    let run = await runTests(stage, timeoutMs);
    // A change that makes a test wait does so again; a machine that is busy, less often.
    if (run.result === 'timed out') run = await runTests(stage, timeoutMs);
    if (run.result === 'failed') return { result: 'killed', failedTest: run.failedTest };
    if (run.result === 'timed out') return { result: 'timed out' };
  }
  return { result: 'survived' };
}

function report(rooms: readonly Room[], outcomes: readonly Outcome[]): void {
  const share = (of: readonly Outcome[]) =>
    of.filter(({ result }) => result !== 'survived').length / of.length;
  for (const { name } of rooms) {
    const own = outcomes.filter(({ room }) => room === name);
    say(
      `${name.padEnd(16)} ${String(own.length).padStart(4)} changes, ${(100 * share(own)).toFixed(0)} % killed`,
    );
  }
  const survivors = outcomes.filter(({ result }) => result === 'survived');
  if (survivors.length > 0)
    say(`\nSurvived:\n${survivors.map(({ file, change }) => `  ${file}:${change}`).join('\n')}`);
  say(
    `\n${(100 * share(outcomes)).toFixed(1)} % of ${outcomes.length} killed; the goal is ${100 * GOAL} %. All: ${RESULTS}`,
  );
  if (share(outcomes) < GOAL) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
