import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SamplePayment } from '../stripe/samples/sample-payment.ts';

/** What sample payments were sent, so that a later event of one agrees with the earlier ones. */
export interface SentPayments {
  find(id: string): SamplePayment | undefined;
  /** Keeps it; false: there is nowhere to. */
  keep(payment: SamplePayment): boolean;
}

const FILE = 'stripe-sent-payments.json';
const MAX_KEPT = 1000;

/** Keeps them in a file of the data directory of `npm start`; in none where there is no such directory. */
export function createSentPayments(directory: string | undefined): SentPayments {
  if (!directory) return { find: () => undefined, keep: () => false };
  const path = join(directory, FILE);
  return {
    find: (id) => read(path).find((each) => each.id === id),
    keep(payment) {
      const others = read(path).filter(({ id }) => id !== payment.id);
      const kept = [...others, payment].slice(-MAX_KEPT);
      try {
        writeFileSync(`${path}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
        renameSync(`${path}.new`, path);
        return true;
      } catch {
        return false;
      }
    },
  };
}

function read(path: string): SamplePayment[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(kept) ? kept : [];
  } catch {
    // Not there yet, or spoiled: nothing is lost but the comfort.
    return [];
  }
}
