import { totalmem } from 'node:os';
import { StartupError } from '@rollcall/runtime';
import { keepAuthKeys } from './auth-keys.ts';
import { type LocalConfig, portsOf } from './config.ts';
import { openDataDirectory } from './data-directory.ts';
import { requireFreePorts } from './free-ports.ts';
import { migrate } from './migrate.ts';
import type { LocalOutput } from './output.ts';
import { sizeSettings } from './postgres/size-settings.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/start-embedded-postgres.ts';
import { confirmReset, resetDataDirectory } from './reset.ts';
import { planSample, type SamplePlan } from './sample/bring-sample.ts';
import { writeSampleState } from './sample/sample-state.ts';
import { databaseUrls, grpcAddresses, serviceSpecs } from './service-specs.ts';
import { ownerOf, SERVICES, type ServiceName } from './services.ts';
import { keepStripeSecret } from './stripe-secret.ts';
import type { StartedFacts } from './summary.ts';
import { type SupervisedService, superviseService } from './supervisor.ts';

/** How long the processes of a start that was killed may take to end. Our own choice. */
const AFTER_KILL_MS = 10_000;

/** Twice what all services take at their defaults, so that there is room for somebody who looks in. Our own choice. */
const MAX_CONNECTIONS = '300';

/** What runs, once everything runs. Disposing of it stops it: the services, the last first, then Postgres. */
export interface RunningLocal extends AsyncDisposable {
  facts: StartedFacts;
  /** Settles, with one line that says why, when something ended that cannot be started again. */
  failed: Promise<string>;
}

/** What a start needs beside its settings. */
export interface LocalOptions {
  output: LocalOutput;
  /** Gives the start up. */
  signal: AbortSignal;
  /** Told of every service as it is started, so that impatience can kill it. */
  onService(service: SupervisedService): void;
}

/**
 * Starts everything: Postgres, schemas, services, sample. What was started is stopped again when a later step fails.
 * @throws StartupError, or the signal's reason
 */
export async function startLocal(config: LocalConfig, options: LocalOptions): Promise<RunningLocal> {
  const { output, signal } = options;
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(openDataDirectory(config.dataDirectory));
  output.say(`Rollcall starts; data and logs in ${directory.path}`);
  await requireFreePorts(portsOf(config), directory.afterKill ? AFTER_KILL_MS : 0);
  if (config.flags.reset) await reset(config, directory.path, output);
  const plan = planSample(config, directory.path);

  const postgres = await startPostgres(config, directory.path, output);
  if (postgres) stack.use(postgres);
  signal.throwIfAborted();

  const urls = databaseUrls(config, postgres);
  const keys = keepAuthKeys(directory.path, config);
  const stripeSecret = keepStripeSecret(directory.path, config.env);
  const migrations = output.step('Schemas', async () => {
    const migrateOne = (service: ServiceName) => {
      const embeddedIn = config.embedded.includes(service) ? directory.path : undefined;
      const isAsSet = embeddedIn === undefined;
      const isOwned = !isAsSet && ownerOf(service) !== service;
      const ownerUrl = isOwned ? postgres?.ownerUrl(service) : undefined;
      const env = { ...config.env, ...keys };
      return migrate(service, urls[service], { env, ownerUrl, isAsSet, onWait: output.say, embeddedIn });
    };
    await Promise.all(SERVICES.map(migrateOne));
    return SERVICES.join(', ');
  });
  await unlessAborted(signal, migrations);

  const services = serviceSpecs(config, directory.path, { urls, keys, stripeSecret }).map((spec) => {
    const service = stack.use(superviseService(spec, output.say));
    options.onService(service);
    return service;
  });
  const ready = output.step('Services', async () => {
    await Promise.all(services.map((service) => service.ready));
    return SERVICES.join(', ');
  });
  await unlessAborted(signal, ready);

  const hasSample = await bringSample(plan, { config, dataDirectory: directory.path, output, signal });
  const failures = services.map(({ gaveUp }) => gaveUp);
  const ended = postgres?.ended.then(
    (how) =>
      `Postgres ended (${how}). npm start again: the data are recovered. Its log is ${directory.path}/logs/postgres.log`,
  );
  const started = stack.move();
  return {
    facts: { postgresVersion: postgres?.version, hasSample },
    failed: Promise.race(ended ? [...failures, ended] : failures),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function reset(config: LocalConfig, dataDirectory: string, output: LocalOutput): Promise<void> {
  if (!(await confirmReset(dataDirectory, { yes: config.flags.yes })))
    throw new StartupError('Nothing was removed or started.');
  output.say(`Emptied the database in ${await resetDataDirectory(dataDirectory)}.`);
}

// A container may be allowed less than the machine has.
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

async function startPostgres(
  config: LocalConfig,
  dataDirectory: string,
  output: LocalOutput,
): Promise<EmbeddedPostgres | undefined> {
  if (config.embedded.length === 0) return undefined;
  const started = Promise.withResolvers<EmbeddedPostgres>();
  await output.step('Postgres', async () => {
    const options = {
      dataDirectory,
      port: config.postgresPort,
      databases: SERVICES,
      settings: { ...sizeSettings(memoryBytes()), max_connections: MAX_CONNECTIONS },
    };
    started.resolve(await startEmbeddedPostgres(options));
    return `version ${(await started.promise).version}`;
  });
  const postgres = await started.promise;
  for (const note of postgres.notes) output.say(`  ${note}`);
  return postgres;
}

interface SampleContext {
  config: LocalConfig;
  dataDirectory: string;
  output: LocalOutput;
  signal: AbortSignal;
}

/** @returns whether the sample is in */
async function bringSample(
  plan: SamplePlan,
  { config, dataDirectory, output, signal }: SampleContext,
): Promise<boolean> {
  await output.step('Sample', async () => {
    if (!plan.load) return plan.why;
    // Most starts do without, and need no gRPC client then.
    const { loadSample } = await import('./sample/load-sample.ts');
    const addresses = grpcAddresses(config);
    const loaded = await loadSample(addresses, signal);
    writeSampleState(dataDirectory, 'loaded');
    return Object.entries(loaded)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ');
  });
  return plan.load || plan.loaded;
}

/** Waits no longer than the signal allows; what was waited for goes on, and its failure is of no interest then. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
