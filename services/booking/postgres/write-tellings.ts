import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Telling } from '../tellings/telling.ts';

/** Writes down, in the transaction of a change, what the user service is to be told of it. */
export async function writeTellings(_run: RunPrepared, _tellings: readonly Telling[]): Promise<void> {}
