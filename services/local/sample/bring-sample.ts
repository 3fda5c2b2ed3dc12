import type { LocalConfig } from '../config.ts';
import { SERVICES } from '../services.ts';
import { readSampleState, type SampleState, writeSampleState } from './sample-state.ts';

/** Whether a start loads the sample, and why not. */
export type SamplePlan = { load: true } | { load: false; loaded: boolean; why: string };

/**
 * Decides, before the databases are made, whether this start loads the sample, and notes it, so that one that was killed half-way is
 * finished by the next.
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
