// A process for tests to kill: takes a job from the outbox of OUTBOX_URL, says so, and never finishes it.
import { createLogger } from '../logger.ts';
import { Secret } from '../secret.ts';
import { startOutbox } from './outbox.ts';

await startOutbox({
  url: new Secret(process.env.OUTBOX_URL ?? ''),
  logger: createLogger({ service: 'hanging', level: 'silent' }),
  tasks: {
    tell: () =>
      new Promise(() => {
        process.stdout.write('taken\n');
      }),
  },
});
