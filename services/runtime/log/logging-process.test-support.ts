// A process that logs as services do. On a number it logs that many lines and answers with the number dropped
// so far; on `end` it ends as services do.

import { runProcess } from '../processes/run-process.ts';
import { standardOutput } from './log-output.ts';
import { createLogger } from './logger.ts';

const logger = createLogger({ service: 'logging', level: 'info' });
const filler = 'x'.repeat(1000);

process.on('message', (count: number) => {
  for (let n = 0; n < count; n++) logger.info({ n, filler }, 'a line');
  // By then every write that can succeed has been tried.
  setTimeout(() => process.send?.(standardOutput().dropped), 20);
});

await runProcess(async () => ({ logger, [Symbol.asyncDispose]: async () => {} }));
