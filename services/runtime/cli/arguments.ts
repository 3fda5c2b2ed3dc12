import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isCalendarDate } from '@rollcall/contract/request-content';
import { StartupError } from '../startup-error.ts';

/** Ends a message about wrong arguments. */
export const SEE_HELP = '--help says more';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Options and operands of one command. */
interface CommandRules<Name extends string> {
  readonly options: readonly Name[];
  /** Number of arguments that may follow the command. @defaultValue 0 */
  readonly operands?: number;
}

/**
 * Reads arguments by their options.
 * @throws StartupError for an unknown option, or one without its value
 */
export function readArguments<const O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new StartupError(`${explain(error as Error)}; ${SEE_HELP}`, { cause: error });
  }
}

/**
 * Reads arguments of which the first names a command. Refuses options of other commands: ignoring a filter
 * would show everything.
 * @param tool how a user calls it: `npm run grants`
 * @throws StartupError in one line
 */
export function readCommand<const O extends Options, Command extends string>(
  tool: string,
  args: readonly string[],
  { options, commands }: { options: O; commands: Readonly<Record<Command, CommandRules<keyof O & string>>> },
) {
  const { values, positionals } = readArguments(args, options);
  const [name, ...operands] = positionals;
  const names = Object.keys(commands);
  if (name === undefined || !Object.hasOwn(commands, name)) {
    const what = name === undefined ? `${tool} needs a command` : `There is no command "${name}"`;
    throw new StartupError(`${what}: say ${formatList(names, 'or')}; ${SEE_HELP}`);
  }
  const rules = commands[name as Command];
  refuseOtherOptions(values, { command: `${tool} -- ${name}`, takes: rules.options });
  const extra = operands[rules.operands ?? 0];
  if (extra !== undefined) throw new StartupError(`"${extra}" is one argument too many; ${SEE_HELP}`);
  return { command: name as Command, operands, values };
}

/**
 * Refuses options that a command does not take.
 * @throws StartupError naming them, and the options that it takes
 */
export function refuseOtherOptions(
  values: object,
  { command, takes }: { command: string; takes: readonly string[] },
): void {
  const others = Object.keys(values).filter((name) => !takes.includes(name));
  if (others.length === 0) return;
  const known =
    takes.length > 0 ? `it takes ${takes.map((name) => `--${name}`).join(', ')}` : 'it takes none';
  throw new StartupError(
    `${command} does not take ${others.map((name) => `--${name}`).join(', ')}: ${known}; ${SEE_HELP}`,
  );
}

/**
 * Reads a date, as midnight in UTC, or a time.
 * @throws Error whose message ends the sentence "… must be"
 */
export function parseTime(text: string): Date {
  const [, day = ''] = /^(\d{4}-\d{2}-\d{2})(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? [];
  const time = new Date(text);
  if (isCalendarDate(day) && !Number.isNaN(time.getTime())) return time;
  throw new Error('a day such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z');
}

/**
 * The folder that relative paths of a command line start from. npm runs scripts in the root of the checkout,
 * and passes the folder of its caller in INIT_CWD.
 * @param script name in package.json: `import`
 */
export function commandFolder(env: NodeJS.ProcessEnv, script: string): string {
  return (env.npm_lifecycle_event === script && env.INIT_CWD) || process.cwd();
}

function explain({ message }: Error): string {
  // The first sentence names the option; the rest is about parseArgs.
  const [why = ''] = message.split(/\.\s|\n/);
  return why.replace(
    /^Option '(?:-\w, )?(--[\w-]+)\b.*' argument is ambiguous$/,
    'Option $1 needs a value: write one that begins with "-" as $1=-…',
  );
}

/**
 * Ignores the error of a closed pipe, as in `npm run audit -- tail | head`, so that a command completes what
 * it has begun.
 */
export function ignoreBrokenPipes(): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Joins words as a sentence lists them: `auth, booking and vendor`. */
export function formatList(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const type = conjunction === 'and' ? 'conjunction' : 'disjunction';
  return new Intl.ListFormat('en-GB', { type }).format(words);
}
