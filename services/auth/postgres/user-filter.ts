import type { UserFilter } from '../users/user-reads.ts';

/** Adds a value to a statement's values and answers its place in the text: `$3`. */
export type Bind = (value: unknown) => string;

/** The filter as conditions on `users u`: each must hold. */
export function conditionsOf(filter: UserFilter, bind: Bind): string[] {
  const { states, roles, tags, createdFrom, createdBefore, activeFrom, activeBefore } = filter;
  return [
    `u.tenant_id = ${bind(filter.tenantId)}`,
    // Who was merged away is found as its survivor.
    'u.merged_into is null',
    // Written out, so that an index of rare ones is seen to serve; they are of the domain's own.
    `u.state in (${states.map((each) => `'${each}'`).join(', ')})`,
    ...(roles.length > 0 ? [`u.role in (${roles.map((each) => `'${each}'`).join(', ')})`] : []),
    ...(createdFrom ? [`u.create_time >= ${bind(createdFrom)}`] : []),
    ...tags.map(
      (tag) =>
        `u.id in (select t.user_id from user_tags t where t.tenant_id = ${bind(filter.tenantId)} and t.tag = ${bind(tag)})`,
    ),
    ...(activeFrom ? [`u.last_activity_time >= ${bind(activeFrom)}`] : []),
    ...(activeBefore ? [`u.last_activity_time < ${bind(activeBefore)}`] : []),
    ...(createdBefore ? [`u.create_time < ${bind(createdBefore)}`] : []),
  ];
}
