import type { ErasedRows } from '@rollcall/user-access';

/** The columns with user ids, whose merges and erasures are followed. */
export const USER_COLUMNS = [{ table: 'vendors', column: 'user_id' }];

/**
 * Clears the vendor service's data of erased users. The rows stay, because bookings and reviews name them;
 * activities are archived and all texts are emptied.
 */
export const ERASED_ROWS: ErasedRows = {
  statements: [
    {
      name: 'erase_activities',
      text: `with chosen as (
          select a.tenant_id, a.id from vendors v join activities a on a.tenant_id = v.tenant_id and a.vendor_id = v.id
          where v.tenant_id = $1 and v.user_id = any($2::uuid[])
            and (a.title <> '' or a.description <> '' or a.state <> 'ARCHIVED' or a.request_fingerprint <> '')
          order by a.id limit $3 for update of a
        )
        update activities a set title = '', description = '', state = 'ARCHIVED', update_time = now(),
          request_fingerprint = case when a.request_fingerprint is not null then ''::bytea end
        from chosen s where a.tenant_id = s.tenant_id and a.id = s.id returning 1`,
    },
    {
      name: 'erase_vendors',
      text: `with chosen as (
          select tenant_id, id from vendors
          where tenant_id = $1 and user_id = any($2::uuid[]) and (business_license <> '' or service_areas <> '[]'
            or verification_note <> '' or verification_state = 'VERIFIED' or request_fingerprint <> '')
          order by id limit $3 for update
        ), countries as (
          delete from vendor_countries c using chosen s where c.tenant_id = s.tenant_id and c.vendor_id = s.id
        )
        update vendors v set business_license = '', service_areas = '[]', verification_note = '', verify_time = null,
          verification_state = case v.verification_state when 'VERIFIED' then 'SUSPENDED' else v.verification_state end,
          request_fingerprint = case when v.request_fingerprint is not null then ''::bytea end,
          version = v.version + 1, update_time = now()
        from chosen s where v.tenant_id = s.tenant_id and v.id = s.id returning 1`,
    },
  ],
};
