import type { TestProject } from 'vitest/node';
import { setup } from '../../services/local/testing/global-setup.ts';

/**
 * Starts one migrated Postgres for all runs of tests, and names it in this process's environment, where
 * `.config/vitest.mutation.config.ts` finds it.
 */
export async function startSharedPostgres(): Promise<AsyncDisposable> {
  const provided: Record<string, unknown> = {};
  const provide = (name: string, value: unknown) => {
    provided[name] = value;
  };
  const stop = await setup({ provide } as unknown as TestProject);
  process.env.ROLLCALL_MUTATION_POSTGRES = JSON.stringify(provided);
  return { [Symbol.asyncDispose]: stop };
}
