import type { Logger } from '../log/logger.ts';

/** Something that runs until it is disposed. */
export interface RunningService extends AsyncDisposable {
  readonly logger: Logger;
}
