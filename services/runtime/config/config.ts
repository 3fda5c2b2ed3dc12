import { StartupError } from '../startup-error.ts';
import { Secret } from './secret.ts';

/**
 * One environment variable that a process reads. A test holds the tables of docs/settings.md equal to these.
 */
export interface Setting<T> {
  /** Name of the variable. */
  readonly variable: string;
  /** Text that is parsed when the variable is unset or empty. Absent: the variable is required. */
  readonly default?: string;
  /** One sentence for the settings table. */
  readonly doc: string;
  /**
   * Converts the text into the value.
   * @throws Error whose message ends the sentence "VARIABLE must be …"
   */
  readonly parse: (text: string) => T;
}

/** Settings, by their names in the program. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** Values that a process has read: one for each setting, all present. */
export type ConfigOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

type About = Omit<Setting<unknown>, 'parse'>;

/** A TCP port, 0 to 65535. 0: the system chooses. */
export function portSetting(about: About): Setting<number> {
  return integerSetting({ ...about, min: 0, max: 65_535 });
}

/** A whole number between two bounds. */
export function integerSetting(about: About & { min: number; max: number }): Setting<number> {
  const { min, max, ...rest } = about;
  return { ...rest, parse: (text) => parseInteger(text, min, max) };
}

/** Any text that is not empty. */
export function textSetting(about: About): Setting<string> {
  return { ...about, parse: (text) => text };
}

/** One of a list of words. */
export function choiceSetting<const C extends string>(about: About & { choices: readonly C[] }): Setting<C> {
  const { choices, ...rest } = about;
  const parse = (text: string): C => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`one of ${choices.join(', ')}, not "${text}"`);
    return found;
  };
  return { ...rest, parse };
}

/** Names, separated by commas: each of lower-case letters, digits, dots, dashes and underscores. */
export function namesSetting(about: About): Setting<readonly string[]> {
  const parse = (text: string) => {
    const names = text.split(',').map((each) => each.trim());
    if (!names.every((name) => /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)))
      throw new Error('names separated by commas, such as booking,billing');
    return [...new Set(names)];
  };
  return { ...about, parse };
}

/** A boolean, as `true` or `false`. */
export function booleanSetting(about: About): Setting<boolean> {
  const { parse, ...rest } = choiceSetting({ ...about, choices: ['true', 'false'] });
  return { ...rest, parse: (text) => parse(text) === 'true' };
}

/** URL of a PostgreSQL database: `postgres://user:password@host:port/database`. Kept secret. */
export function databaseUrlSetting(about: About): Setting<Secret> {
  return { ...about, parse: parseDatabaseUrl };
}

/** URLs of several databases, separated by commas. Kept secret. @defaultValue none */
export function databaseUrlsSetting(about: About): Setting<readonly Secret[]> {
  const parse = (text: string) =>
    text
      .split(',')
      .filter(Boolean)
      .map((each) => parseDatabaseUrl(each.trim()));
  return { ...about, default: '', parse };
}

/** Makes a setting optional. Its value is undefined when the variable is unset. */
export function optional<T>(setting: Setting<T>): Setting<T | undefined> {
  return {
    ...setting,
    default: '',
    parse: (text) => (text === '' ? undefined : setting.parse(text)),
  };
}

/**
 * Reads all settings of a process.
 * @throws StartupError naming every fault at once, each with its variable and the cure
 */
export function readConfig<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): ConfigOf<S> {
  const faults: string[] = [];
  const entries = Object.entries(settings).map(([key, setting]) => [key, readSetting(setting, env, faults)]);
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return Object.fromEntries(entries) as ConfigOf<S>;
}

function readSetting(setting: Setting<unknown>, env: NodeJS.ProcessEnv, faults: string[]): unknown {
  const text = env[setting.variable]?.trim() || setting.default;
  if (text === undefined) {
    faults.push(`${setting.variable} is not set: ${setting.doc}`);
    return undefined;
  }
  try {
    return setting.parse(text);
  } catch (error) {
    faults.push(`${setting.variable} must be ${(error as Error).message}: correct it or unset it`);
    return undefined;
  }
}

function parseInteger(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < min || value > max) {
    throw new Error(`a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

// The text may hold a password and is never repeated in a message.
function parseDatabaseUrl(text: string): Secret {
  const url = URL.parse(text);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new Error('of the form postgres://user:password@host:port/database');
  }
  return new Secret(text);
}
