import type { UserFilter } from '../../users/reading/user-reads.ts';

/** Adds a value to a statement's values and answers its place in the text: `$3`. */
export type Bind = (value: unknown) => string;

/** The filter as conditions on `users u`: each must hold. */
export function conditionsOf(filter: UserFilter, bind: Bind): string[] {
  const { states, roles } = filter;
  return [
    `u.tenant_id = ${bind(filter.tenantId)}`,
    // Who was merged away is found as its survivor.
    'u.merged_into is null',
    `u.state = any(${bind(states)}::text[])`,
    ...(roles.length > 0 ? [`u.role = any(${bind(roles)}::text[])`] : []),
    ...createdConditions(filter, bind, 'u.'),
    ...unindexedConditions(filter, bind),
  ];
}

/** When a user may have been made. */
export function createdConditions({ createdFrom, createdBefore }: UserFilter, bind: Bind, of = ''): string[] {
  return [
    ...(createdFrom ? [`${of}create_time >= ${bind(createdFrom)}`] : []),
    ...(createdBefore ? [`${of}create_time < ${bind(createdBefore)}`] : []),
  ];
}

/** Those of them that no order of a list knows: tags, and when a user was last heard of. */
export function unindexedConditions(filter: UserFilter, bind: Bind): string[] {
  const { tenantId, tags, activeFrom, activeBefore } = filter;
  return [
    // By `offset` a look for each user, which is what pays where users are looked at until a page is full.
    ...tags.map(
      (tag) =>
        `exists (select 1 from user_tags t where t.tenant_id = ${bind(tenantId)} and t.user_id = u.id and t.tag = ${bind(tag)} offset 0)`,
    ),
    ...(activeFrom ? [`u.last_activity_time >= ${bind(activeFrom)}`] : []),
    ...(activeBefore ? [`u.last_activity_time < ${bind(activeBefore)}`] : []),
  ];
}
