import type { PreparedStatement } from '@rollcall/runtime/postgres';
import type { BookingList, BookingOrder } from '../bookings/booking-store.ts';
import { COLUMNS_BY_VIEW } from './booking-row.ts';

/** A statement with its values. */
interface ListStatement extends PreparedStatement {
  readonly values: unknown[];
}

/**
 * Returns the statement of a list. Each combination of filters has its own name and plan; of a few hundred, a
 * service uses a handful.
 */
export function listStatement(list: BookingList): ListStatement {
  const { tenantId, view, filter, order, limit, after } = list;
  const values: unknown[] = [
    tenantId,
    ...(after ? [after.at, after.id] : BEFORE_ALL[order.direction]),
    limit,
  ];
  const manyUsers = several(filter.userIds);
  if (manyUsers) values.push(manyUsers);
  const letters = manyUsers ? ['U'] : [];
  const conditions = CONDITIONS.flatMap(({ letter, of, sql }) => {
    const value = of(filter);
    if (value === null) return [];
    letters.push(letter);
    return sql(`$${values.push(value)}`);
  });
  const where = ['b.tenant_id = $1', ...conditions, afterPosition(order)].join(' and ');
  const kind = [view[0], order.by[0], order.direction[0]].join('').toLowerCase();
  return {
    name: `bookings_${kind}_${letters.join('')}`,
    text: manyUsers ? ofManyUsers(list, where) : ofAll(list, where),
    values,
  };
}

function ofAll({ view, order }: BookingList, where: string): string {
  return `select ${COLUMNS_BY_VIEW[view]} from bookings b where ${where} ${page(order)}`;
}

// Reads at most a page of each user by the index, so a user with very many bookings costs no more than
// another. Only the rows of the page are read whole. The ids are $5.
function ofManyUsers({ view, order }: BookingList, where: string): string {
  return `select ${COLUMNS_BY_VIEW[view]}
    from (
      select of_one.id from unnest($5::uuid[]) wanted (id)
      cross join lateral (
        select b.id, b.${order.by} from bookings b where ${where} and b.user_id = wanted.id ${page(order)}
      ) of_one
      order by of_one.${order.by} ${order.direction}, of_one.id ${order.direction} limit $4
    ) of_page
    join bookings b on b.tenant_id = $1 and b.id = of_page.id ${sorting(order)}`;
}

interface Condition {
  /** Stands in the statement's name. */
  readonly letter: string;
  /** Null: the list does not filter by it. */
  readonly of: (filter: BookingList['filter']) => unknown;
  readonly sql: (parameter: string) => string;
}

const CONDITIONS: readonly Condition[] = [
  { letter: 'u', of: ({ userIds }) => only(userIds), sql: (value) => `b.user_id = ${value}::uuid` },
  { letter: 'v', of: ({ vendorIds }) => only(vendorIds), sql: (value) => `b.vendor_id = ${value}::uuid` },
  {
    letter: 'V',
    of: ({ vendorIds }) => several(vendorIds),
    sql: (value) => `b.vendor_id = any(${value}::uuid[])`,
  },
  { letter: 's', of: ({ statuses }) => only(statuses), sql: (value) => `b.status = ${value}` },
  {
    letter: 'S',
    of: ({ statuses }) => several(statuses),
    sql: (value) => `b.status = any(${value}::text[])`,
  },
  { letter: 'f', of: ({ startFrom }) => startFrom, sql: (value) => `b.start_date >= ${value}::date` },
  { letter: 'b', of: ({ startBefore }) => startBefore, sql: (value) => `b.start_date < ${value}::date` },
];

function only(values: readonly string[] | null): string | null {
  return values?.length === 1 ? (values[0] ?? null) : null;
}

function several(values: readonly string[] | null): readonly string[] | null {
  return values && values.length !== 1 ? values : null;
}

// Before the first row, so that the first page needs no statement of its own.
const BEFORE_ALL = {
  asc: ['-infinity', '00000000-0000-0000-0000-000000000000'],
  desc: ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
} as const satisfies Record<BookingOrder['direction'], readonly [string, string]>;

const TYPES = { create_time: 'timestamptz', start_date: 'date' } as const satisfies Record<
  BookingOrder['by'],
  string
>;

function afterPosition({ by, direction }: BookingOrder): string {
  return `(b.${by}, b.id) ${direction === 'desc' ? '<' : '>'} ($2::${TYPES[by]}, $3::uuid)`;
}

function sorting({ by, direction }: BookingOrder): string {
  return `order by b.${by} ${direction}, b.id ${direction}`;
}

function page(order: BookingOrder): string {
  return `${sorting(order)} limit $4`;
}
