import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the Postgres of this test run, as its superuser. */
    postgresAdminUrl: string;
    /** By service: its migrated database, which tests clone, as the role of the service. */
    postgresTemplateUrls: Readonly<Record<string, string>>;
    /** By service: its migrated database, as the role that owns it. */
    postgresOwnerUrls: Readonly<Record<string, string>>;
  }
}

/** The database of one test file, migrated and empty, with the role of its service. */
export interface TestDatabase extends AsyncDisposable {
  /** `postgres://role:password@host:port/database` */
  url: string;
  /** URL of the database as the role that owns its tables, for tests that change the schema. */
  ownerUrl: string;
}

/**
 * Clones the migrated database of a service. Disposing drops the clone and its connections.
 * @param service name of the service: `auth`, `booking`
 * @throws Error when the test run has no database of this service
 */
export async function createTestDatabase(service: string): Promise<TestDatabase> {
  const templateUrl = inject('postgresTemplateUrls')[service];
  if (!templateUrl)
    throw new Error(`This test run has no database for "${service}": see the vitest global setup.`);
  const name = `${service}_${randomBytes(6).toString('hex')}`;
  const [database, template] = [escapeIdentifier(name), escapeIdentifier(service)];
  const [url, ownerUrl] = [
    new URL(templateUrl),
    new URL(inject('postgresOwnerUrls')[service] ?? templateUrl),
  ];
  const owner = escapeIdentifier(ownerUrl.username);
  await asAdmin(`create database ${database} template ${template} owner ${owner} strategy file_copy`);
  url.pathname = `/${name}`;
  ownerUrl.pathname = `/${name}`;
  return {
    url: url.href,
    ownerUrl: ownerUrl.href,
    [Symbol.asyncDispose]: () => asAdmin(`drop database if exists ${database} with (force)`),
  };
}

async function asAdmin(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresAdminUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
