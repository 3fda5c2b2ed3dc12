import { formatList } from '@rollcall/runtime';
import { SERVICES } from './services.ts';
import { LOCAL_SETTINGS } from './settings.ts';

const known = Object.values(LOCAL_SETTINGS);
const width = Math.max(...known.map(({ variable }) => variable.length));
const settings = known.map(
  ({ variable, default: value, doc }) => `  ${variable.padEnd(width)}  ${(value ?? '').padEnd(10)} ${doc}`,
);

/** What `npm start -- --help` prints. */
export const USAGE = `npm start [-- FLAGS]   starts Postgres, the services ${formatList(SERVICES)} and, the first time, sample data

  --reset       empties the embedded database first, after asking
  --yes         does not ask
  --no-sample   starts without sample data
  --help        prints this

Settings by environment, with their defaults; docs/settings.md has those of each service:
${settings.join('\n')}`;
