import { ignoreBrokenPipes, StartupError, withLocalPorts } from '@rollcall/runtime';
import { explainDatabaseFault } from '@rollcall/runtime/postgres';
import { readLocalConfig } from '../config.ts';
import { readSampleArguments, SAMPLE_USAGE } from './arguments.ts';
import { findAuthDatabase } from './find-database.ts';
import { writeSeedUsers } from './write-seed-users.ts';

// npm run sample -- --users N: writes made-up users into the database of a running npm start.

ignoreBrokenPipes();
try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const wanted = readSampleArguments(process.argv.slice(2));
  if (wanted === 'help') {
    process.stdout.write(`${SAMPLE_USAGE}\n`);
    return;
  }
  if (wanted === 'demo') {
    const { loadDemo } = await import('./load-demo.ts');
    await loadDemo(readLocalConfig(withLocalPorts(process.env), []), process.stdout);
    return;
  }
  const { users, tenantId } = wanted;
  const { url: databaseUrl, keyring } = await findAuthDatabase(
    readLocalConfig(withLocalPorts(process.env), []),
  );
  const progress = createSeedProgress(process.stdout, users);
  const onProgress = (done: number) => progress.update(done);
  try {
    const onWait = (reason: string) =>
      progress.note(`The database is away (${reason}); this goes on once it is back.`);
    const { written, found } = await writeSeedUsers({
      ...{ databaseUrl, keyring, tenantId, users },
      ...{ onProgress, onWait },
    });
    progress.end();
    const were = found > 0 ? `; ${found} were there already` : '';
    process.stdout.write(
      `${written} users written into tenant ${tenantId} in ${progress.seconds().toFixed(1)} s${were}\n`,
    );
  } catch (error) {
    progress.end();
    if (error instanceof StartupError) throw error;
    const reason = explainDatabaseFault(error, 'AUTH_DATABASE_URL', 'npm run migrate');
    throw new StartupError(`${reason}. What was written stays; run this again to go on`, { cause: error });
  }
}

/** Output of progress, such as `process.stdout`. */
export interface ProgressScreen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const PLAIN_EVERY_MS = 5_000;

/**
 * Shows how many users are written: one line that is redrawn on a terminal, elsewhere a line every five
 * seconds.
 */
export function createSeedProgress(screen: ProgressScreen, users: number, now = () => performance.now()) {
  const begun = now();
  let drawnAt = begun;
  const draw = (done: number) => {
    drawnAt = now();
    const rate = Math.round((1000 * done) / Math.max(1, drawnAt - begun));
    const text = `${Math.floor((100 * done) / users)} %, ${done} of ${users} users, ${rate} users/s`;
    screen.write(screen.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  };
  return {
    update(done: number): void {
      if (screen.isTTY || done === users || now() - drawnAt >= PLAIN_EVERY_MS) draw(done);
    },
    /** Prints a separate line. */
    note(text: string): void {
      screen.write(screen.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
    end(): void {
      if (screen.isTTY) screen.write('\n');
    },
    /** Seconds since it began. */
    seconds: () => (now() - begun) / 1000,
  };
}
