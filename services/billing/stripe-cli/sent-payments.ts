import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SamplePayment } from '../stripe/samples/sample-payment.ts';

/** The sample payments sent so far, so that later events of a payment agree with earlier ones. */
export interface SentPayments {
  find(id: string): SamplePayment | undefined;
  /** Stores a payment. False when there is no storage. */
  keep(payment: SamplePayment): boolean;
}

const FILE = 'stripe-sent-payments.json';
const MAX_KEPT = 1000;

/**
 * Stores payments in a file of the data directory of `npm start`. Without that directory it stores none.
 */
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
    // Missing or malformed: only the convenience of --payment is lost.
    return [];
  }
}
