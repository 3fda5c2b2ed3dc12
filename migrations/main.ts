// npm run migrate [-- auth|booking …]: brings the services' databases up to date.
import { databaseUrlSetting, readConfig, StartupError } from '@rollcall/runtime';
import { DATABASES } from './databases.ts';
import { migrate } from './migrate.ts';

async function main(names: string[]): Promise<void> {
  const wanted = names.length > 0 ? names : Object.keys(DATABASES);
  for (const name of wanted) {
    const database = DATABASES[name];
    if (!database) {
      throw new StartupError(
        `There is no database "${name}": name ${Object.keys(DATABASES).join(' or ')}, or none for all`,
      );
    }
    const setting = databaseUrlSetting({
      variable: database.variable,
      doc: `the database of the ${name} service`,
    });
    const { url } = readConfig({ url: setting }, process.env);
    const applied = await migrate(database, url);
    process.stdout.write(`${name}: ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'up to date'}\n`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
