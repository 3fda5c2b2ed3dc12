import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';
import type { VendorList, VendorReads } from '../vendors/vendor-reads.ts';
import { boundsOf } from './page-bounds.ts';
import { VENDOR_COLUMNS, type VendorRow, vendorFromRow } from './vendor-from-row.ts';

/** Reads by named prepared statements, each planned once per connection. */
export function createPostgresVendorReads(pool: Pool): VendorReads {
  const select = async (statement: PreparedStatement, values: unknown[]) =>
    (await runPrepared<VendorRow>(pool, statement, values)).map(vendorFromRow);
  return {
    find: async (tenantId, id) => (await select(FIND, [tenantId, id]))[0],
    findByUsers: (tenantId, userIds) => select(FIND_BY_USERS, [tenantId, userIds]),
    async list(list) {
      const { tenantId, states, countryCode, limit, after } = list;
      const values = [tenantId, ...boundsOf(after), limit];
      const filters = [...(states.length > 0 ? [states] : []), ...(countryCode ? [countryCode] : [])];
      return select(listStatement(list), [...values, ...filters]);
    },
  };
}

const FIND = {
  name: 'vendor',
  text: `select ${VENDOR_COLUMNS} from vendors v where v.tenant_id = $1 and v.id = $2`,
};

const FIND_BY_USERS = {
  name: 'vendors_of_users',
  text: `select ${VENDOR_COLUMNS} from vendors v where v.tenant_id = $1 and v.user_id = any($2::uuid[])
    order by v.create_time, v.id`,
};

/** One statement for each set of filters, so that none is planned for filters that are not there. */
function listStatement({ states, countryCode }: VendorList): PreparedStatement {
  if (countryCode) return states.length > 0 ? LIST_IN_STATES_AND_COUNTRY : LIST_IN_COUNTRY;
  return states.length > 0 ? LIST_IN_STATES : LIST;
}

const page = (table: 'v' | 'c', id: string) =>
  `and (${table}.create_time, ${table}.${id}) < ($2::timestamptz, $3::uuid)
  order by ${table}.create_time desc, ${table}.${id} desc limit $4`;

const IN_COUNTRY = `from vendor_countries c join vendors v on v.tenant_id = c.tenant_id and v.id = c.vendor_id`;

const LIST = {
  name: 'vendors',
  text: `select ${VENDOR_COLUMNS} from vendors v where v.tenant_id = $1 ${page('v', 'id')}`,
};

const LIST_IN_STATES = {
  name: 'vendors_in_states',
  text: `select ${VENDOR_COLUMNS} from vendors v
    where v.tenant_id = $1 and v.verification_state = any($5::text[]) ${page('v', 'id')}`,
};

const LIST_IN_COUNTRY = {
  name: 'vendors_in_country',
  text: `select ${VENDOR_COLUMNS} ${IN_COUNTRY}
    where c.tenant_id = $1 and c.country_code = $5 ${page('c', 'vendor_id')}`,
};

const LIST_IN_STATES_AND_COUNTRY = {
  name: 'vendors_in_states_and_country',
  text: `select ${VENDOR_COLUMNS} ${IN_COUNTRY}
    where c.tenant_id = $1 and c.country_code = $6 and v.verification_state = any($5::text[])
    ${page('c', 'vendor_id')}`,
};
