import { StartupError } from '@rollcall/runtime';

/** What `npm start` was asked to do differently. */
export interface LocalFlags {
  /** Remove the embedded database first. */
  reset: boolean;
  /** Do not ask before that. */
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
 * @throws StartupError naming every argument that is none of ours
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
