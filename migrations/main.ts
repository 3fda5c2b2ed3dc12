// npm run migrate [-- auth|booking …]: migrates the databases of the services.
import { ignoreBrokenPipes, readConfig, StartupError } from '@rollcall/runtime';
import { HELP, readTargets } from './arguments.ts';
import { KEY_SETTINGS } from './databases.ts';
import { migrateAsOwner, TooNewFault } from './migrate.ts';

/** Exit code for a database that is newer than this checkout. `npm start` has another message for it. */
const TOO_NEW = 3;

async function main(args: readonly string[]): Promise<void> {
  const targets = readTargets(args, process.env);
  if (targets === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const keys = readConfig(KEY_SETTINGS, process.env);
  for (const { name, database, ...target } of targets) {
    const onWait = (why: string) => process.stdout.write(`${name}: ${why}\n`);
    const applied = await migrateAsOwner(database, { ...target, ...keys, onWait });
    process.stdout.write(`${name}: ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'up to date'}\n`);
  }
}

ignoreBrokenPipes();
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof TooNewFault ? TOO_NEW : 1;
}
