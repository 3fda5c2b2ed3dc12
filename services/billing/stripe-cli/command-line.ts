import { SEE_HELP, StartupError } from '@rollcall/runtime';

/** Reads each value, and tells every fault at once, one line each. */
export class Faults {
  readonly #faults: string[] = [];

  /** What `read` answers; undefined where there is no text, or it is at fault. */
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

  /** Throws StartupError where there was one. */
  throwIfAny(): void {
    if (this.#faults.length > 0) throw new StartupError(`${this.#faults.join('\n')}\n${SEE_HELP}`);
  }
}

/** A whole number between two bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new Error(`a whole number from ${min} to ${max}`);
  };
}

/** A text of a form. */
export function matching(form: RegExp, words: string): (text: string) => string {
  return (text) => {
    if (form.test(text)) return text;
    throw new Error(words);
  };
}

/** An address of the web. */
export function webAddress(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Error('an address such as http://127.0.0.1:8084/webhooks/stripe');
}

/** An id of a user or a booking. */
export const uuid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID');

/** Where a command tells what it does. */
export interface CommandOutput {
  write(text: string): void;
}
