import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {} from '@rollcall/runtime/testing';
import type { TestProject } from 'vitest/node';
import { migrate } from '../migrate.ts';
import { SERVICES } from '../services.ts';
import { startDisposablePostgres } from './disposable-postgres.ts';

/**
 * Runs once before all tests: one Postgres with a migrated database for each service, which test files clone. Returns what stops it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-test-')));
  const postgres = await startDisposablePostgres(dataDirectory, SERVICES);
  try {
    await Promise.all(
      SERVICES.map((service) => migrate(service, postgres.databaseUrl(service), { env: process.env })),
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
  return async () => postgres[Symbol.asyncDispose]();
}
