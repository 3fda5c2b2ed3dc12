import type { PreparedStatement } from '@rollcall/runtime/postgres';

/**
 * Tables from which an erasure deletes all rows of the user. Every table with a `user_id` stands here or in
 * `KEPT_TABLES`.
 */
export const ERASED_TABLES = [
  'user_profiles',
  'user_tags',
  'user_external_ids',
  'user_notes',
  'user_statistics',
  'user_activities',
  'credentials',
  'verified_emails',
  // Refresh tokens are deleted by cascade.
  'sessions',
  'sign_ins',
  'mail_tokens',
  'mail_outbox',
] as const;

/** Tables with a `user_id` that an erasure keeps, and why they hold no personal data. */
export const KEPT_TABLES: Readonly<Record<string, string>> = {
  user_changes: 'id, version, kind and time, and in which views a change shows',
  erasure_reports: 'which service has cleared what it held, when, and what it left for an operator',
  user_words:
    'a trigger empties it as the names in `users` go, and with it what `name_parts` knew by them alone',
  user_merges:
    'who was merged with whom and when; the images of both, sealed, and what was moved are removed',
  write_requests:
    'the digest of what was written is emptied: with a list of addresses it would tell one of them',
};

/** The statements of an erasure outside table `users`. Each takes the tenant and the user's id. */
export const ERASE_RECORDS: readonly PreparedStatement[] = [
  ...ERASED_TABLES.map((table) => ({
    name: `erase_${table}`,
    text: `delete from ${table} where tenant_id = $1 and user_id = $2`,
  })),
  {
    name: 'erase_write_requests',
    text: `update write_requests set fingerprint = '' where tenant_id = $1 and user_id = $2`,
  },
  {
    // The keys of moved rows may be the person's names in other systems.
    name: 'erase_merge_moves',
    text: `delete from user_merge_moves v using user_merges m where v.tenant_id = $1 and m.tenant_id = $1
      and m.merge_id = v.merge_id and (m.survivor_id = $2 or m.loser_id = $2)`,
  },
  {
    name: 'erase_merge_images',
    text: `update user_merges set survivor_before = null, loser_before = null
      where tenant_id = $1 and (survivor_id = $2 or loser_id = $2)`,
  },
];
