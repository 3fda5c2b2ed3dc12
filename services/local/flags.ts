import { formatList, StartupError } from '@rollcall/runtime';
import { LOCAL_SETTINGS, SERVICES } from './settings.ts';

/** Flags of `npm start`. */
export interface LocalFlags {
  /** Empty the embedded database first. */
  reset: boolean;
  /** Do not ask before the reset. */
  yes: boolean;
  /** Load no sample data. */
  noSample: boolean;
  /** Print the usage and end. */
  help: boolean;
}

const FLAGS: ReadonlyMap<string, keyof LocalFlags> = new Map(
  Object.entries<keyof LocalFlags>({
    '--reset': 'reset',
    '--yes': 'yes',
    '--no-sample': 'noSample',
    '--help': 'help',
    '-h': 'help',
  }),
);

/**
 * Reads the arguments that follow `npm start --`.
 * @throws StartupError naming every unknown argument
 */
export function readFlags(args: readonly string[]): LocalFlags {
  const unknown = args.filter((arg) => !FLAGS.has(arg));
  if (unknown.length > 0) {
    const known = [...FLAGS.keys()].filter((flag) => flag.startsWith('--')).join(', ');
    throw new StartupError(
      `npm start does not know ${unknown.map((arg) => `"${arg}"`).join(', ')}: it takes ${known}`,
    );
  }
  const flags: LocalFlags = { reset: false, yes: false, noSample: false, help: false };
  for (const arg of args) {
    const flag = FLAGS.get(arg);
    if (flag) flags[flag] = true;
  }
  return flags;
}

const known = Object.values(LOCAL_SETTINGS);
const width = Math.max(...known.map(({ variable }) => variable.length));
const settings = known.map(
  ({ variable, default: value, doc }) => `  ${variable.padEnd(width)}  ${(value ?? '').padEnd(10)} ${doc}`,
);

/** Text of `npm start -- --help`. */
export const USAGE = `npm start [-- FLAGS]   starts Postgres, the services ${formatList(SERVICES)} and, the first time, sample data

  --reset       empties the embedded database first, after asking
  --yes         does not ask
  --no-sample   starts without sample data
  --help        prints this

Settings by environment, with their defaults; docs/settings.md has those of each service:
${settings.join('\n')}`;
