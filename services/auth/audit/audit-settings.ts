import { databaseUrlSetting, integerSetting, optional, type Settings } from '@rollcall/runtime';

/** What `npm run audit` reads from its environment beside AUTH_DATABASE_URL. */
export const AUDIT_SETTINGS = {
  ownerUrl: optional(
    databaseUrlSetting({
      variable: 'AUTH_DATABASE_OWNER_URL',
      doc: 'PostgreSQL database of the auth service as the role that owns its tables, for export and prune.',
    }),
  ),
  retentionDays: optional(
    integerSetting({
      variable: 'AUTH_AUDIT_RETENTION_DAYS',
      min: 1,
      max: 100_000,
      doc: 'Days that chains of the audit log stay in the database once they are closed and exported.',
    }),
  ),
} as const satisfies Settings;
