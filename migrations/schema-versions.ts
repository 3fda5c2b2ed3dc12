import { DATABASES } from './databases.ts';

/** A generated file with the schema version of a service. */
export interface SchemaVersionFile {
  readonly path: URL;
  readonly text: string;
}

/**
 * Returns `services/<service>/schema-version.ts` for every service: the newest migration of its list.
 *
 * Services must not import migrations, so the name is written into a file of the service. `npm run generate`
 * writes it.
 */
export function schemaVersionFiles(): SchemaVersionFile[] {
  return Object.entries(DATABASES).map(([service, { migrations }]) => ({
    path: new URL(`../services/${service}/schema-version.ts`, import.meta.url),
    text: [
      `// npm run generate writes this file from migrations/${service}.`,
      '',
      `/** Name of the newest migration of the ${service} database. The service does not start before it was applied. */`,
      `export const SCHEMA_VERSION = '${migrations.at(-1)?.name}';`,
      '',
    ].join('\n'),
  }));
}
