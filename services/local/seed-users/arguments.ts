import { readArguments, refuseOtherOptions, StartupError } from '@rollcall/runtime';

/** Arguments of `npm run sample -- --users N`. */
export interface SampleArguments {
  readonly users: number;
  readonly tenantId: string;
}

/** Ids and times have room for so many. */
const MAX_USERS = 10_000_000;
const DEFAULT_TENANT = 'crowd';
/** As field rules of the contract have it. */
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Text of `npm run sample -- --help`. */
export const SAMPLE_USAGE = `npm run sample -- --users N [--tenant NAME]   writes N made-up users into the auth service's database
npm run sample -- --demo                      loads the sample of npm start

  --users N       1 to ${MAX_USERS}; those that an earlier run wrote are left alone
  --tenant NAME   whose they are; default "${DEFAULT_TENANT}"
  --demo          loads the sample of "npm start" instead, through its services, where the start could not; what is there is left alone
  --help          prints this

The database is the embedded one of a running "npm start", or AUTH_DATABASE_URL, as "npm start" has it; so are the keys.
Users are the same in every run: the n-th is always the same person. The change feed tells of each.`;

const OPTIONS = {
  users: { type: 'string' },
  tenant: { type: 'string' },
  demo: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the arguments behind `npm run sample --`.
 * @returns 'help' or 'demo' where that was asked for
 * @throws StartupError naming the argument and the cure
 */
export function readSampleArguments(args: readonly string[]): SampleArguments | 'help' | 'demo' {
  const { values, positionals } = readArguments(args, OPTIONS);
  if (values.help) return 'help';
  if (positionals.length > 0) {
    throw new StartupError(
      `npm run sample does not know "${positionals[0]}": it takes --users N and --tenant NAME, or --demo`,
    );
  }
  if (values.demo) {
    refuseOtherOptions(values, { command: 'npm run sample -- --demo', takes: ['demo'] });
    return 'demo';
  }
  if (values.users === undefined)
    throw new StartupError('How many users? Say it so: npm run sample -- --users 1000000');
  return { users: readUsers(values.users), tenantId: readTenant(values.tenant ?? DEFAULT_TENANT) };
}

function readUsers(value: string): number {
  const users = /^[0-9_,]+$/.test(value) ? Number(value.replace(/[_,]/g, '')) : 0;
  if (users >= 1 && users <= MAX_USERS) return users;
  throw new StartupError(`--users takes a whole number from 1 to ${MAX_USERS}, not "${value}"`);
}

function readTenant(value: string): string {
  if (TENANT.test(value)) return value;
  throw new StartupError(
    `--tenant takes lower-case letters, digits and hyphens, 63 at most and no hyphen first, not "${value}"`,
  );
}
