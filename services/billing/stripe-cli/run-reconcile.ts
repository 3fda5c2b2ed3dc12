import type { Pool } from '@rollcall/runtime/postgres';
import type { Snapshots } from '../payments/snapshots.ts';
import type { StripeGateway } from '../payments/stripe-gateway.ts';
import { createPostgresReconcileStore } from '../postgres/reconcile-store.ts';
import { createPacer } from '../reconcile/pacer.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { CommandOutput } from './command-output.ts';
import type { ReconcileCommand } from './reconcile-command.ts';
import { describeResult, exitCodeOf, resultAsJson } from './reconcile-report.ts';

/** What the command works with. */
export interface ReconcileTools extends CommandOutput {
  readonly pool: Pool;
  readonly gateway: StripeGateway;
  readonly snapshots: Snapshots;
  /** Stops the run after what it is at. */
  readonly signal: AbortSignal;
  /** How often a request is tried where Stripe cannot be asked. Default 6. */
  readonly maxAttempts?: number;
  /** The longest to wait between two tries, in ms. Default 60000. */
  readonly maxWaitMs?: number;
}

/** Compares, tells, and answers the exit code. */
export async function runReconcile(command: ReconcileCommand, tools: ReconcileTools): Promise<number> {
  const { pool, gateway, snapshots, signal, write, maxAttempts = 6, maxWaitMs = 60_000 } = tools;
  const { terms, ratePerS, asJson } = command;
  const result = await reconcile(
    {
      gateway,
      snapshots,
      store: createPostgresReconcileStore(pool),
      pace: createPacer({ ratePerS, maxAttempts, maxWaitMs, signal }),
    },
    terms,
  );
  if (asJson) write(resultAsJson(result));
  else write(`${result.isResumed ? 'goes on with a run that was cut off\n' : ''}${describeResult(result)}`);
  return exitCodeOf(result);
}
