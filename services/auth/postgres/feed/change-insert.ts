import type { TouchedViews, UserChangeKind } from '../../users/user-change.ts';

/** The SQL expressions that describe one change. */
interface ChangeExpressions {
  readonly kind: string;
  readonly contentView: string;
  readonly figuresView: string;
}

/**
 * SQL text that inserts the change into `user_changes`.
 * It is the last part of the statement that makes the change, so that the numbers of a user's changes are in
 * the order of its versions. A part named `changed` of that statement must return `tenant_id`, `id`,
 * `version` and `update_time`.
 */
export function changeInsert({ kind, contentView, figuresView }: ChangeExpressions): string {
  return `insert into user_changes (tenant_id, user_id, version, kind, touched_view, figures_view, update_time)
    select tenant_id, id, version, ${kind}, ${contentView}, ${figuresView}, update_time from changed`;
}

/** `changeInsert` for a statement that always changes the same fields. */
export function fixedChangeInsert(kind: UserChangeKind, touched: TouchedViews): string {
  return changeInsert({
    kind: `'${kind}'`,
    contentView: literal(touched.content),
    figuresView: literal(touched.figures),
  });
}

function literal(text: string | null): string {
  return text === null ? 'null' : `'${text}'`;
}
