import { Buffer } from 'node:buffer';
import {
  type Pool,
  type PreparedStatement,
  type RunPrepared,
  runPrepared,
  sqlState,
  transactPrepared,
  violatedConstraint,
} from '@rollcall/runtime/postgres';
import { enqueueUserActivity } from '../outbox/user-activity.ts';
import { pageBounds } from '../page.ts';
import type { ServiceArea, Vendor, VerificationState } from '../vendors/vendor.ts';
import type { VendorChange, VendorList, VendorReads, VendorWrites } from '../vendors/vendor-store.ts';
import type { WriteRequest } from '../write-request.ts';

/** A row of `vendors`. */
export interface VendorRow {
  tenant_id: string;
  id: string;
  user_id: string;
  business_license: string;
  service_areas: ServiceArea[];
  verification_state: VerificationState;
  verification_note: string;
  verify_time: Date | null;
  version: string;
  create_time: Date;
  update_time: Date;
}

/** The columns of `vendors v`. */
const VENDOR_COLUMNS = `v.tenant_id, v.id, v.user_id, v.business_license, v.service_areas, v.verification_state,
  v.verification_note, v.verify_time, v.version, v.create_time, v.update_time`;

function vendorFromRow(row: VendorRow): Vendor {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    userId: row.user_id,
    businessLicense: row.business_license,
    serviceAreas: row.service_areas,
    verificationState: row.verification_state,
    verificationNote: row.verification_note,
    verifyTime: row.verify_time,
    version: BigInt(row.version),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

/** Creates a reader with named prepared statements, each planned once per connection. */
export function createPostgresVendorReads(pool: Pool): VendorReads {
  const select = async (statement: PreparedStatement, values: unknown[]) =>
    (await runPrepared<VendorRow>(pool, statement, values)).map(vendorFromRow);
  return {
    find: async (tenantId, id) => (await select(FIND, [tenantId, id]))[0],
    findByUsers: (tenantId, userIds) => select(FIND_BY_USERS, [tenantId, userIds]),
    async list(list) {
      const { tenantId, states, countryCode, limit, after } = list;
      const values = [tenantId, ...pageBounds(after), limit];
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

/** One statement for each set of filters, so that no plan carries unused filters. */
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

/** Creates a writer. Each write enqueues its report in one transaction. */
export function createPostgresVendorWrites(pool: Pool): VendorWrites {
  return {
    async findByRequest(tenantId, requestId) {
      const rows = await runPrepared<RequestedRow>(pool, FIND_BY_REQUEST, [tenantId, requestId]);
      return rows[0] && { made: vendorFromRow(rows[0]), fingerprint: rows[0].request_fingerprint };
    },
    insert: (vendor, { request, userActivity }) =>
      unlessTaken(() =>
        transactPrepared(pool, async (run) => {
          await insertVendor(run, vendor, request);
          await enqueueUserActivity(run, vendor.tenantId, userActivity);
        }),
      ),
    change: (tenantId, id, decide) =>
      transactPrepared(pool, async (run) => {
        const [row] = await run<VendorRow>(LOCK, [tenantId, id]);
        const vendor = row && vendorFromRow(row);
        const change = vendor && decide(vendor);
        if (!change) return vendor;
        const changed = await updateVendor(run, vendor, change);
        if (change.userActivity) await enqueueUserActivity(run, tenantId, change.userActivity);
        return changed;
      }),
  };
}

interface RequestedRow extends VendorRow {
  request_fingerprint: Uint8Array;
}

// A repeated request violates both constraints, and Postgres reports either.
const TAKEN = new Set(['vendors_user', 'vendors_request_id']);

async function unlessTaken(insert: () => Promise<void>): Promise<boolean> {
  try {
    await insert();
    return true;
  } catch (error) {
    if (sqlState(error) === '23505' && TAKEN.has(violatedConstraint(error) ?? '')) return false;
    throw error;
  }
}

async function insertVendor(
  run: RunPrepared,
  vendor: Vendor,
  request: WriteRequest | undefined,
): Promise<void> {
  await run(INSERT, [
    vendor.tenantId,
    vendor.id,
    vendor.userId,
    vendor.businessLicense,
    JSON.stringify(vendor.serviceAreas),
    vendor.verificationState,
    vendor.createTime,
    request?.id ?? null,
    request ? Buffer.from(request.fingerprint) : null,
  ]);
  await run(INSERT_COUNTRIES, countryValues(vendor));
}

async function updateVendor(run: RunPrepared, vendor: Vendor, { values }: VendorChange): Promise<Vendor> {
  const next = { ...vendor, ...values };
  const now = new Date();
  const [row] = await run<VendorRow>(UPDATE, [
    vendor.tenantId,
    vendor.id,
    next.businessLicense,
    JSON.stringify(next.serviceAreas),
    next.verificationState,
    next.verificationNote,
    next.verifyTime,
    now,
  ]);
  if (values.serviceAreas) {
    await run(DELETE_COUNTRIES, [vendor.tenantId, vendor.id]);
    await run(INSERT_COUNTRIES, countryValues(next));
  }
  if (vendor.verificationState === 'VERIFIED' && next.verificationState !== 'VERIFIED')
    await run(WITHDRAW, [vendor.tenantId, vendor.id, now]);
  if (!row) throw new Error('a locked vendor is gone');
  return vendorFromRow(row);
}

function countryValues({ tenantId, id, createTime, serviceAreas }: Vendor): unknown[] {
  return [tenantId, id, createTime, [...new Set(serviceAreas.map(({ countryCode }) => countryCode))]];
}

const FIND_BY_REQUEST = {
  name: 'vendor_by_request',
  text: `select ${VENDOR_COLUMNS}, v.request_fingerprint from vendors v where v.tenant_id = $1 and v.request_id = $2`,
};

const LOCK = {
  name: 'vendor_lock',
  text: `select ${VENDOR_COLUMNS} from vendors v where v.tenant_id = $1 and v.id = $2 for update`,
};

const INSERT = {
  name: 'vendor_insert',
  text: `insert into vendors (tenant_id, id, user_id, business_license, service_areas, verification_state, create_time,
      update_time, request_id, request_fingerprint)
    values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)`,
};

const INSERT_COUNTRIES = {
  name: 'vendor_insert_countries',
  text: `insert into vendor_countries (tenant_id, country_code, create_time, vendor_id)
    select $1, country_code, $3, $2 from unnest($4::text[]) country_code`,
};

const DELETE_COUNTRIES = {
  name: 'vendor_delete_countries',
  text: `delete from vendor_countries where tenant_id = $1 and vendor_id = $2`,
};

const UPDATE = {
  name: 'vendor_update',
  text: `update vendors v set business_license = $3, service_areas = $4, verification_state = $5, verification_note = $6,
      verify_time = $7, update_time = $8, version = v.version + 1
    where v.tenant_id = $1 and v.id = $2 returning ${VENDOR_COLUMNS}`,
};

// A publishing transaction locks the vendor's row, so none can publish behind this statement.
const WITHDRAW = {
  name: 'vendor_withdraw_activities',
  text: `update activities set state = 'DRAFT', update_time = $3
    where tenant_id = $1 and vendor_id = $2 and state = 'PUBLISHED'`,
};
