import { SEE_HELP, StartupError } from '@rollcall/runtime';

/** Reads option values and collects their faults, one line each. */
export class Faults {
  readonly #faults: string[] = [];

  /** Returns the parsed value. Undefined when the text is absent or invalid. */
  read<T>(option: string, text: string | undefined, read: (text: string) => T): T | undefined {
    if (text === undefined) return undefined;
    try {
      return read(text);
    } catch (error) {
      this.add(`--${option} must be ${(error as Error).message}, not "${text}"`);
      return undefined;
    }
  }

  add(fault: string): void {
    this.#faults.push(fault);
  }

  /**
   * Ends the reading of options.
   * @throws StartupError with all faults when there are any.
   */
  throwIfAny(): void {
    if (this.#faults.length > 0) throw new StartupError(`${this.#faults.join('\n')}\n${SEE_HELP}`);
  }
}

/** Creates a parser of whole numbers in a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new Error(`a whole number from ${min} to ${max}`);
  };
}

/** Creates a parser of texts that match a pattern. */
export function matching(form: RegExp, words: string): (text: string) => string {
  return (text) => {
    if (form.test(text)) return text;
    throw new Error(words);
  };
}

/** Parses an HTTP or HTTPS URL. */
export function webAddress(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Error('an address such as http://127.0.0.1:8084/webhooks/stripe');
}

/** Parses the id of a user or a booking. */
export const uuid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID');

/** The output of a command. */
export interface CommandOutput {
  write(text: string): void;
}
