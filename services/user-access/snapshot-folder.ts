import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartupError } from '@rollcall/runtime';

/**
 * Sees to it that a snapshot of users can be written at this path. It holds names: a folder that is missing is made for its
 * owner alone (0700), in one that is there. What is there already keeps its mode.
 * @throws StartupError that names the variable.
 */
export function prepareSnapshotFolder(path: string, variable: string): void {
  const folder = dirname(path);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StartupError(
      `${variable}: ${folder} cannot be ${code === 'ENOENT' ? 'made' : 'written'} (${code}): name a file in a folder that can, or unset it`,
      { cause },
    );
  }
}
