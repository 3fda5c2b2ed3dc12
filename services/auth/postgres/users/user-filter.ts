import type { UserFilter } from '../../users/reading/user-reads.ts';

/** Adds a value to the parameters of a statement and returns its placeholder, such as `$3`. */
export type Bind = (value: unknown) => string;

/** SQL conditions on `users u` that all must hold. */
export function conditionsOf(filter: UserFilter, bind: Bind): string[] {
  const { states, roles } = filter;
  return [
    `u.tenant_id = ${bind(filter.tenantId)}`,
    // A merged user is found as its survivor.
    'u.merged_into is null',
    `u.state = any(${bind(states)}::text[])`,
    ...(roles.length > 0 ? [`u.role = any(${bind(roles)}::text[])`] : []),
    ...createdConditions(filter, bind, 'u.'),
    ...unindexedConditions(filter, bind),
  ];
}

/** Conditions on the time of creation. */
export function createdConditions({ createdFrom, createdBefore }: UserFilter, bind: Bind, of = ''): string[] {
  return [
    ...(createdFrom ? [`${of}create_time >= ${bind(createdFrom)}`] : []),
    ...(createdBefore ? [`${of}create_time < ${bind(createdBefore)}`] : []),
  ];
}

/** Conditions that no index of a list covers: tags and the time of the last activity. */
export function unindexedConditions(filter: UserFilter, bind: Bind): string[] {
  const { tenantId, tags, activeFrom, activeBefore } = filter;
  return [
    // `offset 0` forces one lookup for each user, which is cheaper when users are read until a page is full.
    ...tags.map(
      (tag) =>
        `exists (select 1 from user_tags t where t.tenant_id = ${bind(tenantId)} and t.user_id = u.id and t.tag = ${bind(tag)} offset 0)`,
    ),
    ...(activeFrom ? [`u.last_activity_time >= ${bind(activeFrom)}`] : []),
    ...(activeBefore ? [`u.last_activity_time < ${bind(activeBefore)}`] : []),
  ];
}
