import { localDataDirectory } from '@rollcall/runtime';
import { fromStripeAmount } from '../stripe-units.ts';
import type { CommandOutput } from './command-output.ts';
import { postEvent, type WebhookAnswer } from './post-event.ts';
import type { SendCommand } from './send-command.ts';
import { eventsToSend } from './send-events.ts';
import { createSentPayments } from './sent-payments.ts';
import { readWebhookSecret } from './webhook-secret.ts';

/** Sends what the command asks for and tells what was answered. Answers the exit code: 1 where an event was not taken. */
export async function runSend(
  command: SendCommand,
  env: NodeJS.ProcessEnv,
  { write }: CommandOutput,
): Promise<number> {
  const sent = createSentPayments(localDataDirectory(env));
  const { events, payment } = eventsToSend(command, sent, Math.floor(Date.now() / 1000));
  if (command.isPrinted) {
    for (const event of events) write(`${JSON.stringify(event, null, 2)}\n`);
    return 0;
  }
  const secret = readWebhookSecret(env);
  let refused = 0;
  for (const event of events) {
    const answer = await postEvent(command.url, event, secret);
    if (!isTaken(answer)) refused += 1;
    write(`${event.id} ${event.type} -> ${answer.status} ${answer.text}\n`);
  }
  if (payment && refused < events.length) {
    const isKept = sent.keep(payment);
    const { currencyCode, minorUnits } = fromStripeAmount(
      payment.currency.toUpperCase(),
      BigInt(payment.amount),
    );
    write(`payment ${payment.id}: ${minorUnits} ${currencyCode} in minor units\n`);
    if (isKept) write(`next: npm run stripe -- send charge.refunded --payment ${payment.id}\n`);
  }
  if (refused > 0) write(`${refused} of ${events.length} were not taken\n`);
  return refused > 0 ? 1 : 0;
}

function isTaken({ status }: WebhookAnswer): boolean {
  return status >= 200 && status < 300;
}
