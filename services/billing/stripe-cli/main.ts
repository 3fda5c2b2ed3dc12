// npm run stripe -- send|list|replay|reconcile: events as Stripe sends them, what waits for a person, events once more, and what is
// here against what is there.
import { createLogger, readConfig, StartupError, withLocalPorts } from '@rollcall/runtime';
import { createPool, explainDatabaseFault, type Pool } from '@rollcall/runtime/postgres';
import { BILLING_SETTINGS, isLiveKey } from '../config.ts';
import { tellChanges } from '../effects/tell-changes.ts';
import { createStripeGateway } from '../stripe/create-stripe-gateway.ts';
import { createLedgerSnapshots } from '../stripe/ledger-snapshots.ts';
import { findBillingDatabase } from './billing-database.ts';
import { LIST_HELP, readListCommand, runList } from './list-command.ts';
import { RECONCILE_HELP, readReconcileCommand } from './reconcile-command.ts';
import { REPLAY_HELP, readReplayCommand, runReplay } from './replay-command.ts';
import { runReconcile } from './run-reconcile.ts';
import { runSend } from './run-send.ts';
import { readSendCommand, SEND_HELP } from './send-command.ts';

const HELP = `npm run stripe -- send       events as Stripe sends them, signed, to the webhook
npm run stripe -- list       what waits for a person
npm run stripe -- replay     events of the ledger once more
npm run stripe -- reconcile  what is here against what is at Stripe

Each says more with --help.
`;

// A page of objects is looked up in one statement; a look for what stands in no list goes through many rows.
const STATEMENT_TIMEOUT_MS = 60_000;

const output = { write: (text: string) => void process.stdout.write(text) };

async function main([tool = '--help', ...args]: readonly string[]): Promise<number> {
  const isHelp = args.includes('--help') || args.includes('-h');
  switch (tool) {
    case '--help':
    case '-h':
      return say(HELP);
    case 'send':
      return isHelp ? say(SEND_HELP) : await send(args);
    case 'list': {
      if (isHelp) return say(LIST_HELP);
      const command = readListCommand(args);
      return await withPool((pool) => runList(command, pool, output));
    }
    case 'replay': {
      if (isHelp) return say(REPLAY_HELP);
      const command = readReplayCommand(args);
      return await withPool((pool) => runReplay(command, pool, output));
    }
    case 'reconcile': {
      if (isHelp) return say(RECONCILE_HELP);
      return await reconcileWith(readReconcileCommand(args, new Date()));
    }
    default:
      throw new StartupError(`There is no tool "${tool}": it is send, list, replay or reconcile`);
  }
}

async function send(args: readonly string[]): Promise<number> {
  const { host, httpPort } = BILLING_SETTINGS;
  const address = readConfig({ host, httpPort }, withLocalPorts(process.env));
  return await runSend(readSendCommand(args, address), process.env, output);
}

function say(text: string): number {
  output.write(text);
  return 0;
}

async function reconcileWith(command: ReturnType<typeof readReconcileCommand>): Promise<number> {
  const { stripeApiKey: apiKey, stripeApiBase: apiBase, livemode } = BILLING_SETTINGS;
  const config = readConfig({ apiKey, apiBase, livemode }, process.env);
  if (!config.apiKey) throw new StartupError('STRIPE_API_KEY is not set: nothing can be asked of Stripe');
  const isLive = isLiveKey(config.apiKey);
  if (isLive !== undefined && isLive !== (config.livemode ?? isLive))
    throw new StartupError(
      `BILLING_LIVEMODE is ${config.livemode}, and STRIPE_API_KEY is a key of ${isLive ? 'live' : 'test'} mode: take the key of the mode that the ledger is of`,
    );
  using gateway = createStripeGateway(config);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  return await withPool((pool) =>
    runReconcile(command, {
      ...output,
      pool,
      gateway,
      snapshots: createLedgerSnapshots(pool, tellChanges),
      signal: stop.signal,
    }),
  );
}

async function withPool(work: (pool: Pool) => Promise<number>): Promise<number> {
  const logger = createLogger({ service: 'billing', level: 'silent' });
  const pool = createPool({
    ...findBillingDatabase(process.env),
    maxConnections: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    logger,
  });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof StartupError || !isOfDatabase(error)) throw error;
    const why = explainDatabaseFault(error, 'BILLING_DATABASE_URL', 'npm run migrate');
    throw new StartupError(why, { cause: error });
  } finally {
    await pool.end();
  }
}

function isOfDatabase(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === 'string';
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  const isTold = error instanceof StartupError || (error as Error).name === 'BillingError';
  if (!isTold) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
}
