import type { TouchedViews, UserChangeKind } from '../../users/user-change.ts';

/** What a statement announces; each is SQL text. */
interface Announcement {
  readonly kind: string;
  readonly contentView: string;
  readonly figuresView: string;
}

/**
 * SQL text that writes the change into the feed's table, as the last part of the statement that makes it: so that the numbers of
 * a user's changes are in the order of its versions. A part `changed` of the statement must answer `tenant_id`, `id`, `version`
 * and `update_time`.
 */
export function changeInsert({ kind, contentView, figuresView }: Announcement): string {
  return `insert into user_changes (tenant_id, user_id, version, kind, touched_view, figures_view, update_time)
    select tenant_id, id, version, ${kind}, ${contentView}, ${figuresView}, update_time from changed`;
}

/** What a statement announces that always changes the same fields. */
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
