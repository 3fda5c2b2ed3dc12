import { readCommand, SEE_HELP, StartupError } from '@rollcall/runtime';
import { type Grant, isCallerId } from '@rollcall/runtime/callers';
import { METHODS, VIEWS } from '../callers/access.ts';
import type { GrantStore } from '../callers/grants.ts';

export const GRANTS_HELP = `npm run grants -- list [CALLER] [--json]
npm run grants -- set CALLER --methods LIST --tenants LIST [--views LIST] [--name NAME]
                  [--rate N [--burst N]] [--concurrency N]
npm run grants -- remove CALLER [--name NAME]

CALLER         SPIFFE id of a certificate (spiffe://example.org/booking), or the subject of a service token (booking)
--methods      UserService/GetUser, or UserService/* for a whole service; several separated by commas
--tenants      tenants separated by commas, or '*' for all
--views        ${VIEWS.join(', ')}; separated by commas; default REFERENCE
--name         tells the grants of a caller apart; default "default"; a grant of that name is replaced
--rate         calls a second, counted in each process by itself; default: no limit
--burst        calls at once after a pause; default: a second's worth
--concurrency  calls at work at the same time, open watches included; default: no limit

A running service takes what changed within about a second. The database is found by AUTH_DATABASE_URL,
else it is that of npm start.
`;

const OPTIONS = {
  methods: { type: 'string' },
  tenants: { type: 'string' },
  views: { type: 'string' },
  name: { type: 'string' },
  rate: { type: 'string' },
  burst: { type: 'string' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const RULES = {
  options: OPTIONS,
  commands: {
    list: { options: ['json'], operands: 1 },
    set: { options: ['methods', 'tenants', 'views', 'name', 'rate', 'burst', 'concurrency'], operands: 1 },
    remove: { options: ['name'], operands: 1 },
  },
} as const;

type Values = { readonly [K in Exclude<keyof typeof OPTIONS, 'json'>]?: string };

/** A command for grants. */
type GrantsCommand =
  | { readonly kind: 'list'; readonly caller: string | undefined; readonly asJson: boolean }
  | { readonly kind: 'set'; readonly grant: Grant }
  | { readonly kind: 'remove'; readonly caller: string; readonly name: string | undefined };

/**
 * Reads the arguments of the command.
 * @throws StartupError naming every fault, one line each
 */
export function readGrantsCommand(args: readonly string[]): GrantsCommand {
  const { command, operands, values } = readCommand('npm run grants', args, RULES);
  const [caller] = operands;
  if (command === 'list') return { kind: 'list', caller, asJson: values.json === true };
  if (caller === undefined) throw new StartupError(`CALLER is missing: ${SEE_HELP}`);
  if (!isCallerId(caller))
    throw new StartupError(
      `"${caller}" cannot name a caller: give a SPIFFE id, or a name of a-z, 0-9, ".", "_", "-"`,
    );
  if (command === 'remove') return { kind: 'remove', caller, name: values.name };
  return { kind: 'set', grant: toGrant(caller, values) };
}

/**
 * Runs the command, and answers its output.
 * @throws StartupError when there is nothing to remove
 */
export async function runGrantsCommand(command: GrantsCommand, store: GrantStore): Promise<string> {
  if (command.kind === 'set') {
    await store.set(command.grant);
    return describeGrant(command.grant);
  }
  if (command.kind === 'remove') {
    const { caller, name } = command;
    const removed = await store.remove(caller, name);
    if (removed === 0)
      throw new StartupError(
        `${caller} has no grant${name === undefined ? '' : ` "${name}"`}: list shows all`,
      );
    return `removed ${removed} of ${caller}\n`;
  }
  const all = await store.list();
  const shown = all.filter(({ caller }) => command.caller === undefined || caller === command.caller);
  if (command.asJson) return `${JSON.stringify(shown, null, 2)}\n`;
  return shown.length > 0 ? shown.map(describeGrant).join('') : 'nothing is granted\n';
}

function toGrant(caller: string, values: Values): Grant {
  const faults: string[] = [];
  const ratePerSecond = toNumber('--rate', values.rate, faults);
  const grant = {
    caller,
    name: values.name ?? 'default',
    methods: toList('--methods', values.methods, faults).map((method) => toMethod(method, faults)),
    views: toList('--views', values.views ?? 'REFERENCE', faults),
    tenants: toList('--tenants', values.tenants, faults),
    limits: {
      ratePerSecond,
      burst: values.burst === undefined ? Math.ceil(ratePerSecond) : toCount('--burst', values.burst, faults),
      concurrency: toCount('--concurrency', values.concurrency, faults),
    },
  };
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(grant.name))
    faults.push(`--name "${grant.name}" must be of a-z, 0-9, "-"`);
  for (const view of grant.views.filter((each) => !VIEWS.some((known) => known === each)))
    faults.push(`--views knows no "${view}": name ${VIEWS.join(', ')}`);
  for (const tenant of grant.tenants.filter((each) => !/^(\*|[a-z0-9][a-z0-9-]{0,62})$/.test(each)))
    faults.push(`--tenants "${tenant}" cannot be a tenant: a-z, 0-9, "-", or '*' for all`);
  if (values.burst !== undefined && ratePerSecond === 0) faults.push('--burst has no meaning without --rate');
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return grant;
}

// The package may be left out when only one service has the name.
function toMethod(text: string, faults: string[]): string {
  const [service = '', method = ''] = text.split('/');
  const found = METHODS.filter(
    (each) =>
      (each.service === service || each.service.endsWith(`.${service}`)) &&
      (method === '*' || each.method === method),
  );
  const services = new Set(found.map((each) => each.service));
  const [only] = services;
  if (only !== undefined && services.size === 1) return `${only}/${method}`;
  faults.push(
    services.size > 1
      ? `--methods "${text}" may be of ${[...services].join(' or ')}: write the whole name`
      : `--methods knows no "${text}": write Service/Method or Service/*, as in UserService/GetUser`,
  );
  return text;
}

function toList(option: string, text: string | undefined, faults: string[]): string[] {
  const items = (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) faults.push(`${option} is missing: ${SEE_HELP}`);
  return [...new Set(items)];
}

function toNumber(option: string, text: string | undefined, faults: string[]): number {
  const value = Number(text ?? 0);
  if (Number.isFinite(value) && value >= 0 && value <= 1_000_000) return value;
  faults.push(`${option} must be a number from 0 to 1000000, not "${text}"`);
  return 0;
}

function toCount(option: string, text: string | undefined, faults: string[]): number {
  const value = toNumber(option, text, faults);
  if (!Number.isInteger(value)) faults.push(`${option} must be a whole number, not "${text}"`);
  return value;
}

function describeGrant({ caller, name, methods, views, tenants, limits }: Grant): string {
  const { ratePerSecond, burst, concurrency } = limits;
  const rate = ratePerSecond > 0 ? `${ratePerSecond}/s, ${burst} at once` : 'no limit';
  return [
    `${caller} "${name}"`,
    `  methods      ${methods.join(', ')}`,
    `  views        ${views.join(', ')}`,
    `  tenants      ${tenants.join(', ')}`,
    `  rate         ${rate}`,
    `  concurrency  ${concurrency > 0 ? concurrency : 'no limit'}`,
    '',
  ].join('\n');
}
