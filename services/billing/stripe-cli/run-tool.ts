import {
  createLogger,
  findCommandDatabase,
  readConfig,
  StartupError,
  withLocalPorts,
} from '@rollcall/runtime';
import { createPool, explainDatabaseFault, type Pool } from '@rollcall/runtime/postgres';
import { BILLING_SETTINGS, isLiveKey } from '../config.ts';
import { enqueuePaymentJobs } from '../outbox/payment-jobs.ts';
import { createStripeGateway } from '../stripe/create-stripe-gateway.ts';
import { createLedgerSnapshots } from '../webhooks/apply/ledger-snapshots.ts';
import type { CommandOutput } from './command-line.ts';
import { LIST_HELP, readListCommand, runList } from './list-command.ts';
import { RECONCILE_HELP, readReconcileCommand, runReconcile } from './reconcile-command.ts';
import { REPLAY_HELP, readReplayCommand, runReplay } from './replay-command.ts';
import { readSendCommand, SEND_HELP } from './send-command.ts';
import { runSend } from './send-events.ts';

const HELP = `npm run stripe -- send       sends sample events, signed, to the webhook
npm run stripe -- list       lists rows that wait for an operator
npm run stripe -- replay     applies events of the ledger again
npm run stripe -- reconcile  compares the ledger with Stripe

Each has a --help.
`;

// A page of objects is one statement, and the search for unlisted objects scans many rows.
const STATEMENT_TIMEOUT_MS = 60_000;

/** The environment and the output of a tool. */
interface ToolSurroundings extends CommandOutput {
  readonly env: NodeJS.ProcessEnv;
  /** Called by `reconcile` only, which stops after the current objects once the signal aborts. */
  interruption(): AbortSignal;
}

/**
 * Runs `send`, `list`, `replay` or `reconcile`. Returns the exit code.
 * @throws StartupError or BillingError for expected faults: see `expectedMessage`.
 */
export async function runTool(
  [tool = '--help', ...args]: readonly string[],
  surroundings: ToolSurroundings,
): Promise<number> {
  const say = (text: string) => {
    surroundings.write(text);
    return 0;
  };
  const isHelp = args.includes('--help') || args.includes('-h');
  switch (tool) {
    case '--help':
    case '-h':
      return say(HELP);
    case 'send':
      return isHelp ? say(SEND_HELP) : await send(args, surroundings);
    case 'list': {
      if (isHelp) return say(LIST_HELP);
      const command = readListCommand(args);
      return await withPool(surroundings.env, (pool) => runList(command, pool, surroundings));
    }
    case 'replay': {
      if (isHelp) return say(REPLAY_HELP);
      const command = readReplayCommand(args);
      return await withPool(surroundings.env, (pool) => runReplay(command, pool, surroundings));
    }
    case 'reconcile': {
      if (isHelp) return say(RECONCILE_HELP);
      return await reconcileWith(readReconcileCommand(args, new Date()), surroundings);
    }
    default:
      throw new StartupError(`There is no tool "${tool}": it is send, list, replay or reconcile`);
  }
}

async function send(args: readonly string[], { env, write }: ToolSurroundings): Promise<number> {
  const { host, httpPort } = BILLING_SETTINGS;
  const address = readConfig({ host, httpPort }, withLocalPorts(env));
  return await runSend(readSendCommand(args, address), env, { write });
}

async function reconcileWith(
  command: ReturnType<typeof readReconcileCommand>,
  { env, write, interruption }: ToolSurroundings,
): Promise<number> {
  const { stripeApiKey: apiKey, stripeApiBase: apiBase, livemode } = BILLING_SETTINGS;
  const config = readConfig({ apiKey, apiBase, livemode }, env);
  if (!config.apiKey) throw new StartupError('STRIPE_API_KEY is not set: nothing can be asked of Stripe');
  const isLive = isLiveKey(config.apiKey);
  if (isLive !== undefined && isLive !== (config.livemode ?? isLive))
    throw new StartupError(
      `BILLING_LIVEMODE is ${config.livemode}, and STRIPE_API_KEY is a key of ${isLive ? 'live' : 'test'} mode: take the key of the mode that the ledger is of`,
    );
  using gateway = createStripeGateway(config);
  return await withPool(env, (pool) =>
    runReconcile(command, {
      write,
      pool,
      gateway,
      snapshots: createLedgerSnapshots(pool, enqueuePaymentJobs),
      signal: interruption(),
    }),
  );
}

async function withPool(env: NodeJS.ProcessEnv, work: (pool: Pool) => Promise<number>): Promise<number> {
  const { url, isPooled, variable, migrate } = findCommandDatabase(env, 'billing');
  const logger = createLogger({ service: 'billing', level: 'silent' });
  const pool = createPool({
    url,
    isPooled,
    maxConnections: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger,
  });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof StartupError || !isOfDatabase(error)) throw error;
    throw new StartupError(explainDatabaseFault(error, variable, migrate), { cause: error });
  } finally {
    await pool.end();
  }
}

function isOfDatabase(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === 'string';
}

/** The message of an expected error of `runTool`. Undefined when the error is a defect of the tool. */
export function expectedMessage(error: unknown): string | undefined {
  const isExpected = error instanceof StartupError || (error as Error).name === 'BillingError';
  return isExpected ? (error as Error).message : undefined;
}
