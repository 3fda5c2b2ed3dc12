import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {} from '@rollcall/runtime/testing';
import type { TestProject } from 'vitest/node';
import { migrate } from '../processes/migrate.ts';
import { ownerOf, SERVICES } from '../settings.ts';
import { startDisposablePostgres } from './disposable-postgres.ts';

/**
 * Runs once before all tests: starts one Postgres with a migrated database for each service, which test files
 * clone.
 * @returns function that stops it
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-test-')));
  const postgres = await startDisposablePostgres(dataDirectory, SERVICES);
  try {
    await Promise.all(
      SERVICES.map((service) => {
        const ownerUrl = ownerOf(service) === service ? undefined : postgres.ownerUrl(service);
        return migrate(service, postgres.databaseUrl(service), { env: process.env, ownerUrl });
      }),
    );
  } catch (error) {
    await postgres[Symbol.asyncDispose]();
    throw error;
  }
  project.provide('postgresAdminUrl', postgres.adminUrl);
  project.provide(
    'postgresTemplateUrls',
    Object.fromEntries(SERVICES.map((service) => [service, postgres.databaseUrl(service)])),
  );
  project.provide(
    'postgresOwnerUrls',
    Object.fromEntries(SERVICES.map((service) => [service, postgres.ownerUrl(service)])),
  );
  return async () => postgres[Symbol.asyncDispose]();
}
