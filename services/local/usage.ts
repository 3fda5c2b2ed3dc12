import { inWords } from './in-words.ts';
import { SERVICES } from './services.ts';
import { LOCAL_SETTINGS } from './settings.ts';

const settings = Object.values(LOCAL_SETTINGS).map(
  ({ variable, default: value, doc }) => `  ${variable.padEnd(20)} ${(value ?? '').padEnd(10)} ${doc}`,
);

/** What `npm start -- --help` prints. */
export const USAGE = `npm start [-- FLAGS]   starts Postgres, the services ${inWords(SERVICES)} and, the first time, sample data

  --reset       empties the embedded database first, after asking
  --yes         does not ask
  --no-sample   starts without sample data
  --help        prints this

Settings by environment, with their defaults:
${settings.join('\n')}`;
