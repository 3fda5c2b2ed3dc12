import { AUDIT_SETTINGS, AUTH_SETTINGS } from '@rollcall/auth';
import { BILLING_SETTINGS } from '@rollcall/billing';
import { BOOKING_SETTINGS } from '@rollcall/booking';
import { LOCAL_SETTINGS } from '@rollcall/local';
import { databaseAccessSettings, type Settings } from '@rollcall/runtime';
import { VENDOR_SETTINGS } from '@rollcall/vendor';
import { DATABASES, KEY_SETTINGS } from '../../migrations/databases.ts';
import { IMPORT_SETTINGS } from '../../migrations/import/calls/connect-services.ts';

/** A variable of the environment, as the page of settings shows it. */
export interface DocumentedSetting {
  readonly variable: string;
  /** Undefined: it has no default. */
  readonly default: string | undefined;
  /** The processes and command lines that read it. */
  readonly readers: readonly string[];
  readonly doc: string;
}

const SERVICES = ['auth', 'booking', 'vendor', 'billing'];
const SEVERAL = 'Several services';
const SECTIONS = ['npm start', SEVERAL, ...SERVICES];

// The first reader in this list writes the row: the service that a variable is for, before those that hand it
// on.
const READERS: readonly (readonly [reader: string, settings: Settings])[] = [
  ['auth', AUTH_SETTINGS],
  ['booking', BOOKING_SETTINGS],
  ['vendor', VENDOR_SETTINGS],
  ['billing', BILLING_SETTINGS],
  ['npm start', LOCAL_SETTINGS],
  ['migrate', migrationSettings()],
  ['audit', AUDIT_SETTINGS],
  ['import', IMPORT_SETTINGS],
];

/** All settings of the code, once for each variable. */
export function documentedSettings(): DocumentedSetting[] {
  const found = new Map<string, DocumentedSetting>();
  for (const [reader, settings] of READERS) {
    for (const { variable, default: value, doc } of Object.values(settings)) {
      const before = found.get(variable);
      found.set(variable, {
        variable,
        default: before?.default ?? value,
        readers: [...(before?.readers ?? []), reader],
        doc: before?.doc ?? doc,
      });
    }
  }
  return [...found.values()];
}

/** The reference of settings in Markdown: a table for each process. */
export function settingsReference(): string {
  const bySection = Map.groupBy(documentedSettings(), sectionOf);
  return SECTIONS.map((section) => {
    const rows = (bySection.get(section) ?? []).map(rowOf);
    return [
      `### ${section}`,
      '',
      '| variable | default | read by | what |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  }).join('\n\n');
}

/** `page` with the reference between its two markers. @throws Error where a marker is missing. */
export function withReference(page: string): string {
  const [start, end] = ['<!-- settings: written by npm run generate -->\n', '\n<!-- settings: end -->'];
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(
      'docs/settings.md has no <!-- settings: … --> and <!-- settings: end -->: put them back.',
    );
  }
  return `${before}${start}\n${settingsReference()}\n${end}${after}`;
}

function sectionOf({ variable, readers }: DocumentedSetting): string {
  const services = readers.filter((reader) => SERVICES.includes(reader));
  if (services.length > 1) return SEVERAL;
  const named = SERVICES.find((service) => variable.startsWith(`${service.toUpperCase()}_`));
  return services[0] ?? named ?? 'npm start';
}

function rowOf({ variable, default: value, readers, doc }: DocumentedSetting): string {
  const sentence = doc.charAt(0).toUpperCase() + doc.slice(1) + (/[.:]$/.test(doc) ? '' : '.');
  return `| \`${variable}\` | ${value ? `\`${value}\`` : '–'} | ${readers.join(', ')} | ${sentence.replaceAll('|', '\\|')} |`;
}

function migrationSettings(): Settings {
  const databases = Object.values(DATABASES).flatMap(({ variable, owner }) => {
    const service = variable.split('_', 1)[0] ?? '';
    const access = Object.values(databaseAccessSettings(service, { needsDirect: 'migrations' }));
    const url = { variable, doc: `PostgreSQL database of ${service.toLowerCase()}.` };
    const owned = owner
      ? [{ variable: owner.variable, doc: `${url.doc.slice(0, -1)}, as the role that owns its tables.` }]
      : [];
    return [url, ...owned, ...access].map((each) => [each.variable, each]);
  });
  return { ...(Object.fromEntries(databases) as Settings), ...KEY_SETTINGS };
}
