import { readArguments, StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { CommandOutput } from './command-line.ts';

/** The text of --help. */
export const REPLAY_HELP = `npm run stripe -- replay EVENT_ID...
npm run stripe -- replay --dead
npm run stripe -- replay --foreign

EVENT_ID  evt_…: an event of the ledger, which is applied again; known content changes nothing
--dead    every failed event without a next attempt
--foreign every event of another mode or account, after BILLING_LIVEMODE or BILLING_STRIPE_ACCOUNT was corrected; events
          that are still foreign are marked again

The events become due, and the running billing service applies them. The database is that of BILLING_DATABASE_URL, or
else that of npm start.
`;

/** The events to replay. */
type ReplayCommand = { readonly ids: readonly string[] } | 'dead' | 'foreign';

/**
 * Reads the command line.
 * @throws StartupError when the events are missing, malformed or ambiguous.
 */
export function readReplayCommand(args: readonly string[]): ReplayCommand {
  const options = { dead: { type: 'boolean' }, foreign: { type: 'boolean' } } as const;
  const { values, positionals: ids } = readArguments(args, options);
  const groups = (['dead', 'foreign'] as const).filter((each) => values[each] === true);
  const [group] = groups;
  if (groups.length > 1 || (group && ids.length > 0))
    throw new StartupError('Say events, --foreign or --dead: one of them, not both');
  if (group) return group;
  const wrong = ids.filter((id) => !/^evt_[A-Za-z0-9_]{1,200}$/.test(id));
  if (wrong.length > 0) throw new StartupError(`These are no ids of events, evt_…: ${wrong.join(', ')}`);
  if (ids.length === 0)
    throw new StartupError('Say which events to put back, --foreign or --dead; --help says more');
  return { ids };
}

/**
 * Makes the events due again and prints them. Returns the exit code: 1 when an event cannot be replayed.
 */
export async function runReplay(
  command: ReplayCommand,
  pool: Pool,
  { write }: CommandOutput,
): Promise<number> {
  const { rows } = await (typeof command === 'string'
    ? pool.query<ReplayedRow>(`${PUT_BACK} where ${GROUPS[command]} ${RETURNING}`)
    : pool.query<ReplayedRow>(`${PUT_BACK} where id = any($1::text[]) and state <> 'ignored' ${RETURNING}`, [
        command.ids,
      ]));
  for (const { id, type } of rows) write(`${id} ${type} is put back\n`);
  if (typeof command === 'string') {
    write(`${rows.length} of the ${command} are put back\n`);
    return 0;
  }
  const left = command.ids.filter((id) => !rows.some((row) => row.id === id));
  for (const id of left) write(`${id} is not in the ledger, or of a type that is stored and never applied\n`);
  return left.length > 0 ? 1 : 0;
}

interface ReplayedRow {
  id: string;
  type: string;
}

const GROUPS = {
  dead: `state = 'failed' and next_attempt_time is null`,
  foreign: `state = 'foreign'`,
} as const;

const PUT_BACK = `update stripe_events set state = 'received', attempts = 0, apply_time = null, last_error = null,
  next_attempt_time = clock_timestamp()`;
const RETURNING = 'returning id, type';
