import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalConfig } from '../config.ts';
import { readSecretFile } from '../data-directory/secrets.ts';
import { SERVICES } from '../settings.ts';

/** Whether a start loads the sample, and why not. */
export type SamplePlan = { load: true } | { load: false; loaded: boolean; why: string };

/**
 * Decides, before the databases are made, whether this start loads the sample, and notes it, so that one that
 * was killed half-way is finished by the next.
 * @param dataDirectory real path
 */
export function planSample(config: LocalConfig, dataDirectory: string): SamplePlan {
  if (config.embedded.length < SERVICES.length) {
    return { load: false, loaded: false, why: 'none in databases of your own' };
  }
  const state = nextState(readSampleState(dataDirectory), config.flags.noSample);
  writeSampleState(dataDirectory, state);
  if (state === 'pending') return { load: true };
  return {
    load: false,
    loaded: state === 'loaded',
    why: state === 'loaded' ? 'loaded earlier' : 'none, as --no-sample said',
  };
}

function nextState(state: SampleState = 'pending', noSample: boolean): SampleState {
  return state === 'pending' && noSample ? 'declined' : state;
}

/** Name of the file in the data directory. */
export const SAMPLE_STATE_FILE = 'sample-state';

/**
 * Whether the sample is in the database of a data directory: `pending` from the database's making until all
 * of it is in; `loaded`; `declined` where the first start said `--no-sample`.
 */
export type SampleState = 'pending' | 'loaded' | 'declined';

/** @returns undefined where none was noted: nothing was ever started there */
export function readSampleState(dataDirectory: string): SampleState | undefined {
  const text = readSecretFile(join(dataDirectory, SAMPLE_STATE_FILE))?.trim();
  return STATES.find((state) => state === text);
}

/** Notes the state, whole or not at all. */
export function writeSampleState(dataDirectory: string, state: SampleState): void {
  const path = join(dataDirectory, SAMPLE_STATE_FILE);
  writeFileSync(`${path}.draft`, `${state}\n`);
  renameSync(`${path}.draft`, path);
}

/**
 * Notes that the sample is in.
 * @returns why that could not be noted; undefined: it is
 */
export function noteSampleLoaded(dataDirectory: string): string | undefined {
  try {
    writeSampleState(dataDirectory, 'loaded');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const STATES: readonly SampleState[] = ['pending', 'loaded', 'declined'];
