// A process for tests to kill: takes a job from the outbox of OUTBOX_URL, prints a line, and never finishes
// it.

import { Secret } from '../config/secret.ts';
import { createLogger } from '../log/logger.ts';
import { startOutbox } from './outbox.ts';

await startOutbox({
  url: new Secret(process.env.OUTBOX_URL ?? ''),
  logger: createLogger({ service: 'hanging', level: 'silent' }),
  tasks: {
    send: () =>
      new Promise(() => {
        process.stdout.write('taken\n');
      }),
  },
});
