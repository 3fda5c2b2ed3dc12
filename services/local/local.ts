import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret, StartupError } from '@rollcall/runtime';
import { type LocalConfig, portsOf, postgresPortOf, servicePortsOf } from './config.ts';
import { confirmReset, openDataDirectory, resetDataDirectory } from './data-directory/data-directory.ts';
import { readOrCreateAuthKeys, readOrCreateStripeSecret } from './data-directory/secrets.ts';
import type { LocalOutput, StartedFacts } from './output.ts';
import { choosePorts, describeMoved, type MovedPort, startOnPorts } from './ports/choose-ports.ts';
import { publishPorts } from './ports/publish-ports.ts';
import { sizeSettings } from './postgres/size-settings.ts';
import { type SupervisedPostgres, supervisePostgres } from './postgres/supervise-postgres.ts';
import { migrate } from './processes/migrate.ts';
import type { ServiceSpec } from './processes/service-process.ts';
import { billingBaseUrl, databaseUrls, grpcAddresses, serviceSpecs } from './processes/service-specs.ts';
import { type SupervisedService, superviseService } from './processes/supervisor.ts';
import { noteSampleLoaded, planSample, type SamplePlan } from './sample/sample-state.ts';
import { ownerOf, SERVICES, type ServiceName } from './settings.ts';

/** How long the processes of a killed start may take to end. Milliseconds. Our own choice. */
const AFTER_KILL_MS = 10_000;

/** Twice what all services use at their defaults, to leave room for other clients. Our own choice. */
const MAX_CONNECTIONS = '300';

/**
 * How long the other services may take to report their faults after one could not start. Milliseconds. Our
 * own choice.
 */
const OTHER_FAULTS_MS = 3000;

/** Time within which this process notices that a database ended. Milliseconds. Our own choice. */
const NOTICED_MS = 500;

/**
 * All running processes. A process that ends is restarted. Disposing stops the services in reverse order,
 * then Postgres.
 */
export interface RunningLocal extends AsyncDisposable {
  facts: StartedFacts;
  /** The given settings, with other ports in place of ports in use. */
  config: LocalConfig;
}

export interface LocalOptions {
  output: LocalOutput;
  /** Aborts the start. */
  signal: AbortSignal;
  /** Called with every service when it is started, so that a second Ctrl-C can kill it. */
  onService(service: SupervisedService): void;
}

/**
 * Starts everything: Postgres, schemas, services, sample. When a step fails, all earlier ones are stopped.
 * @throws StartupError when a step fails; the signal's reason when it aborts
 */
export async function startLocal(settings: LocalConfig, options: LocalOptions): Promise<RunningLocal> {
  const { output, signal } = options;
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(openDataDirectory(settings.dataDirectory));
  output.say(`Rollcall starts; data and logs in ${directory.path}`);
  const moved: MovedPort[] = [];
  const onMoved = (ports: readonly MovedPort[]) => {
    moved.push(...ports);
    for (const port of ports) output.say(`  ${describeMoved(port)}`);
  };
  const maxWaitMs = directory.afterKill ? AFTER_KILL_MS : 0;
  const chosen = await choosePorts(settings, { ports: portsOf(settings), maxWaitMs });
  onMoved(chosen.moved);
  if (settings.flags.reset) await reset(settings, directory.path, output);
  const plan = planSample(settings, directory.path);

  const database = await startOnPorts(chosen.config, { portsOf: postgresPortOf, onMoved }, (config) =>
    startPostgres(config, directory.path, output),
  );
  const { started: postgres } = database;
  if (postgres) stack.use(postgres);
  signal.throwIfAborted();

  const urls = databaseUrls(database.config, postgres);
  const keys = readOrCreateAuthKeys(directory.path, settings);
  const stripeSecret = readOrCreateStripeSecret(directory.path, settings.env);
  const migrations = output.step('Schemas', async () => {
    const migrateOne = (service: ServiceName) => {
      const embeddedIn = settings.embedded.includes(service) ? directory.path : undefined;
      const isAsSet = embeddedIn === undefined;
      const isOwned = !isAsSet && ownerOf(service) !== service;
      const ownerUrl = isOwned ? postgres?.ownerUrl(service) : undefined;
      const env = { ...settings.env, ...keys };
      return migrate(service, urls[service], { env, ownerUrl, isAsSet, onWait: output.say, embeddedIn });
    };
    await Promise.all(SERVICES.map((service) => retryAfterOutage(postgres, () => migrateOne(service))));
    return SERVICES.join(', ');
  });
  await unlessAborted(signal, migrations);

  const wasDatabaseAway = (begunAtMs: number) => postgres?.wasAwaySince(begunAtMs) ?? false;
  const secrets = { urls, keys, stripeSecret };
  const served = await startOnPorts(database.config, { portsOf: servicePortsOf, onMoved }, (config) => {
    const specs = serviceSpecs(config, directory.path, secrets);
    return startServices(specs, { ...options, wasDatabaseAway });
  });
  const { config } = served;
  stack.use(served.started);
  const published = stack.use(publishPorts(directory.path, portsOf(config)));
  if (published.fault) output.say(`  Ports      are not known to other commands: ${published.fault}`);

  const sampleContext = { config, dataDirectory: directory.path, output, signal, stripeSecret };
  const hasSample = await loadPlannedSample(plan, sampleContext);
  const started = stack.move();
  return {
    facts: { postgresVersion: postgres?.version, hasSample, moved },
    config,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

interface ServicesOptions extends LocalOptions {
  wasDatabaseAway: (begunAtMs: number) => boolean;
}

/** Starts the services. When one does not start, the others are stopped. */
async function startServices(
  specs: readonly ServiceSpec[],
  { output, signal, onService, wasDatabaseAway }: ServicesOptions,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const services = specs.map((spec) => {
    const service = stack.use(superviseService(spec, { say: output.say, wasDatabaseAway }));
    onService(service);
    return service;
  });
  const ready = output.step('Services', async () => {
    await allReady(services);
    return SERVICES.join(', ');
  });
  await unlessAborted(signal, ready);
  return stack.move();
}

/**
 * Waits until every service is ready.
 * @throws StartupError with the faults of all services that cannot start
 */
async function allReady(services: readonly SupervisedService[]): Promise<void> {
  const each = services.map(({ ready }) => ready);
  try {
    await Promise.all(each);
  } catch (first) {
    const ended = await Promise.allSettled(
      each.map((ready) => Promise.race([ready, sleep(OTHER_FAULTS_MS)])),
    );
    const faults = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (!faults.every((fault) => fault instanceof StartupError)) throw first;
    throw new StartupError(faults.map(({ message }) => message).join('\n'), { cause: first });
  }
}

async function reset(config: LocalConfig, dataDirectory: string, output: LocalOutput): Promise<void> {
  if (!(await confirmReset(dataDirectory, { yes: config.flags.yes })))
    throw new StartupError('Nothing was removed or started.');
  output.say(`Emptied the database in ${await resetDataDirectory(dataDirectory)}.`);
}

// A container may have less than the machine.
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

async function startPostgres(
  config: LocalConfig,
  dataDirectory: string,
  output: LocalOutput,
): Promise<SupervisedPostgres | undefined> {
  if (config.embedded.length === 0) return undefined;
  const started = Promise.withResolvers<SupervisedPostgres>();
  await output.step('Postgres', async () => {
    const options = {
      dataDirectory,
      port: config.postgresPort,
      databases: SERVICES,
      settings: { ...sizeSettings(memoryBytes()), max_connections: MAX_CONNECTIONS },
    };
    started.resolve(await supervisePostgres(options, { say: output.say }));
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
  /** Value of STRIPE_WEBHOOK_SECRETS. */
  stripeSecret: string;
}

/** @returns whether the sample is loaded. When loading fails, everything else runs on. */
async function loadPlannedSample(plan: SamplePlan, context: SampleContext): Promise<boolean> {
  const { config, dataDirectory, output, signal, stripeSecret } = context;
  const onWait = (reason: string) => output.say(`  Sample     waits, and goes on by itself: ${reason}`);
  try {
    await output.step('Sample', async () => {
      if (!plan.load) return plan.why;
      // Loaded on demand: most starts need no gRPC client.
      const { describeSample, loadSample } = await import('./sample/load-sample.ts');
      const [secret = ''] = stripeSecret.split(',');
      const webhook = { baseUrl: billingBaseUrl(config), secret: new Secret(secret.trim()) };
      const loaded = await loadSample({ addresses: grpcAddresses(config), webhook }, { onWait, signal });
      const fault = noteSampleLoaded(dataDirectory);
      if (fault) output.say(`  Sample     is in, and the next start looks again: ${fault}`);
      return describeSample(loaded);
    });
    return plan.load || plan.loaded;
  } catch (error) {
    signal.throwIfAborted();
    output.say(`  Sample     not loaded: ${(error as Error).message}`);
    output.say('             Everything else runs. To load it: npm run sample -- --demo');
    return false;
  }
}

/** Runs `work` again when it failed while the database was away. */
async function retryAfterOutage(
  postgres: SupervisedPostgres | undefined,
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const begunAtMs = performance.now();
    try {
      await work();
      return;
    } catch (error) {
      await sleep(NOTICED_MS);
      if (!postgres?.wasAwaySince(begunAtMs)) throw error;
      await postgres.up();
    }
  }
}

/**
 * Waits until `work` ends or the signal aborts. After an abort `work` goes on, and its failure is ignored.
 */
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
