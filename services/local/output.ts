import type { LogOutput } from '@rollcall/runtime';
import type { LocalConfig } from './config.ts';
import type { MovedPort } from './ports/choose-ports.ts';
import { SAMPLE_TENANT, sampleUsers } from './sample/sample-users.ts';
import { SERVICES, type ServiceName, type ServiceSettings, settingsOf } from './settings.ts';

/** Prints the progress of a start. */
export interface LocalOutput {
  /** Prints one line. */
  say(line: string): void;
  /**
   * Runs a step and prints its result and duration. Prints nothing when the step fails.
   * @param run returns the result in a few words
   */
  step(name: string, run: () => Promise<string>): Promise<void>;
}

const NAME_WIDTH = 10;
const RESULT_WIDTH = 30;

/** Prints to a stream. Lines that a full disk refuses are dropped, and a later line counts them. */
export function createOutput(stream: LogOutput): LocalOutput {
  const say = (line: string) => stream.write(`${line}\n`);
  stream.onRecovery = (dropped) => say(`${dropped} lines could not be written here.`);
  return {
    say,
    step: async (name, run) => {
      const started = performance.now();
      const result = await run();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`  ${name.padEnd(NAME_WIDTH)} ${result.padEnd(RESULT_WIDTH)} ${seconds} s`);
    },
  };
}

/** Facts about a start that its settings do not have. */
export interface StartedFacts {
  /** Version of the embedded Postgres. Undefined when none was started. */
  postgresVersion: string | undefined;
  /** Whether the sample is in the databases. */
  hasSample: boolean;
  /** Ports that were in use, and their replacements. */
  moved: readonly MovedPort[];
}

/** Renders all addresses as a table of at most 80 columns. */
export function endpointTable(
  config: LocalConfig,
  { postgresVersion }: Pick<StartedFacts, 'postgresVersion'>,
): string {
  const rows = [
    ['SERVICE', 'ADDRESS', 'SPEAKS'],
    ...SERVICES.flatMap((service) => rowsOf(service, settingsOf(config, service))),
    ...(postgresVersion
      ? [['postgres', `127.0.0.1:${config.postgresPort}`, `PostgreSQL ${postgresVersion}`]]
      : []),
  ];
  return table(rows);
}

/** Lists ports that differ from the README. Empty when none differs. Lines have at most 80 columns. */
export function movedNotes({ moved }: Pick<StartedFacts, 'moved'>): string {
  if (moved.length === 0) return '';
  const lines = moved.map(
    ({ variable, from, to }) => `  ${from} is in use: ${to}, as ${variable} would set it`,
  );
  return ['Not where the README says:', ...lines].join('\n');
}

/** Three calls to paste into another terminal, one for each protocol. Lines have at most 80 columns. */
export function callsToPaste(config: LocalConfig, { hasSample }: Pick<StartedFacts, 'hasSample'>): string {
  const [user] = sampleUsers();
  const tenant = SAMPLE_TENANT;
  const [method, request] =
    hasSample && user
      ? ['rollcall.user.v1.UserService/GetUser', { tenant_id: tenant, id: user.userId }]
      : ['rollcall.user.v1.UserAdminService/ListUsers', { tenant_id: tenant, page_size: 3 }];
  const page = JSON.stringify({ tenant_id: tenant, page_size: 3 });
  return [
    `grpcurl -plaintext \\`,
    `  -d '${JSON.stringify(request)}' \\`,
    `  127.0.0.1:${config.authGrpcPort} ${method}`,
    '',
    `npx buf curl --protocol grpc --http2-prior-knowledge \\`,
    `  -d '${page}' \\`,
    `  http://127.0.0.1:${config.authGrpcPort}/rollcall.user.v1.UserAdminService/ListUsers`,
    '',
    `curl -s -H 'content-type: application/json' \\`,
    `  -d '${page}' \\`,
    `  http://127.0.0.1:${config.bookingHttpPort}/rollcall.booking.v1.BookingService/ListBookings`,
  ].join('\n');
}

function rowsOf(service: ServiceName, { grpcPort, httpPort }: ServiceSettings): string[][] {
  return [
    [service, `127.0.0.1:${grpcPort}`, 'gRPC, reflection, health'],
    ['', `http://127.0.0.1:${httpPort}`, 'Connect, gRPC-Web, JSON'],
    ['', '', '/healthz /readyz /metrics'],
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('   ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}
