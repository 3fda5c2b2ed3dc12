import { readWebhookSecret } from '@rollcall/billing/samples';
import { StartupError } from '@rollcall/runtime';
import type { LocalConfig } from '../config.ts';
import { billingBaseUrl, grpcAddresses } from '../processes/service-specs.ts';
import { describeSample, loadSample } from '../sample/load-sample.ts';
import type { WebhookTarget } from '../sample/money/payment-webhook.ts';
import { readSampleState, writeSampleState } from '../sample/sample-state.ts';

/**
 * Loads the sample of `npm start` into the services that run on this machine.
 * @throws StartupError with the fault of the call that did not succeed, and the cure
 */
export async function loadDemo(config: LocalConfig, screen: { write(text: string): unknown }): Promise<void> {
  const onWait = (reason: string) =>
    void screen.write(`Waits, and goes on by itself once "npm start" is ready: ${reason}\n`);
  const { signal } = new AbortController();
  try {
    const webhook = webhookOf(config, screen);
    const loaded = await loadSample({ addresses: grpcAddresses(config), webhook }, { onWait, signal });
    screen.write(`${describeSample(loaded)}\n`);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError(
      `The sample could not be loaded (${error.message}): run this again once "npm start" says that Rollcall is ready`,
      { cause: error },
    );
  }
  // So that the next start does not load it again; databases of one's own have no such note.
  if (readSampleState(config.dataDirectory) === 'pending') writeSampleState(config.dataDirectory, 'loaded');
}

function webhookOf(config: LocalConfig, screen: { write(text: string): unknown }): WebhookTarget | undefined {
  try {
    return { baseUrl: billingBaseUrl(config), secret: readWebhookSecret(config.env) };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    screen.write(`Payments are left out. ${error.message}\n`);
    return undefined;
  }
}
