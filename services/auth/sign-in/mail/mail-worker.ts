import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@rollcall/runtime';
import type { Mail, MailSender } from './mail.ts';

/** A mail that is due. */
export interface QueuedMail {
  readonly tenantId: string;
  readonly id: string;
  /** Counts the current attempt. */
  readonly attempts: number;
  /** @throws SealingError when the mail cannot be opened */
  open(): Mail;
}

/** How long a mail waits after an attempt. Each wait is twice as long as the one before. */
interface MailRetry {
  readonly firstWaitMs: number;
  readonly maxWaitMs: number;
}

/** Mails that are not sent yet. */
export interface MailOutbox {
  /** Claims mails that are due. Each becomes due again after its wait, unless `markSent` is called. */
  claim(limit: number, retry: MailRetry): Promise<readonly QueuedMail[]>;
  markSent(mail: QueuedMail): Promise<void>;
}

interface MailWorkerOptions {
  readonly outbox: MailOutbox;
  readonly sender: MailSender;
  readonly logger: Logger;
  /** Default: 30 s, doubled up to an hour. Must be longer than sending takes. */
  readonly retry?: MailRetry;
  /** Time between two looks for mails of other processes. Milliseconds. Default 2000. */
  readonly pollMs?: number;
}

/** Sends mails in the background. Disposing it waits for mails that are being sent. */
export interface MailWorker extends AsyncDisposable {
  /** Looks for mails at once. */
  wake(): void;
}

const RETRY: MailRetry = { firstWaitMs: 30_000, maxWaitMs: 60 * 60_000 };
const EVERY_MS = 2000;
const BATCH = 10;

/** Sends each mail of the outbox at least once. Logs contain the id of a mail and nothing else of it. */
export function startMailWorker({
  outbox,
  sender,
  logger,
  retry = RETRY,
  pollMs: everyMs = EVERY_MS,
}: MailWorkerOptions): MailWorker {
  const stop = new AbortController();
  let poked = Promise.withResolvers<void>();

  async function send(mail: QueuedMail): Promise<void> {
    try {
      await sender.send(mail.open(), mail.id);
      await outbox.markSent(mail);
    } catch (error) {
      const { tenantId, id: mailId, attempts } = mail;
      logger.warn({ tenantId, mailId, attempts, error }, 'a mail could not be sent; it is tried again');
    }
  }

  async function sendAll(): Promise<void> {
    for (;;) {
      const mails = await outbox.claim(BATCH, retry);
      await Promise.all(mails.map(send));
      if (mails.length < BATCH || stop.signal.aborted) return;
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      poked = Promise.withResolvers();
      await sendAll().catch((error: unknown) => logger.warn({ error }, 'the mail outbox cannot be read'));
      await pause();
    }
  }

  async function pause(): Promise<void> {
    const woken = new AbortController();
    const signal = AbortSignal.any([stop.signal, woken.signal]);
    const slept = sleep(everyMs, undefined, { signal }).catch(() => {
      // Woken or stopped: the loop checks which.
    });
    await Promise.race([slept, poked.promise]);
    woken.abort();
  }

  const running = run();
  return {
    wake: () => poked.resolve(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
