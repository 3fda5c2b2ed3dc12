import type { ErasedRows } from '@rollcall/user-access';

// The digest of a request goes too: a list of addresses could be tried against it.
const FORGET_REQUESTS = `update made_by_request r set fingerprint = '' from chosen s
  where r.tenant_id = s.tenant_id and r.made_id = s.id`;

/**
 * Clears the booking service's data of erased users. A booking keeps its days and its money, and a review
 * keeps its rating, which is the vendor's. Pets are deleted.
 */
export const ERASED_ROWS: ErasedRows = {
  statements: [
    {
      name: 'erase_bookings',
      text: `with chosen as (
          select tenant_id, id from bookings
          where tenant_id = $1 and user_id = any($2::uuid[]) and (contact_details is not null or request_fingerprint <> '')
          order by id limit $3 for update
        )
        update bookings b set contact_details = null,
          request_fingerprint = case when b.request_fingerprint is not null then ''::bytea end
        from chosen s where b.tenant_id = s.tenant_id and b.id = s.id returning 1`,
    },
    {
      name: 'erase_pets',
      text: `with chosen as (
          select tenant_id, id from pets where tenant_id = $1 and user_id = any($2::uuid[]) order by id limit $3 for update
        ), requests as (${FORGET_REQUESTS})
        delete from pets p using chosen s where p.tenant_id = s.tenant_id and p.id = s.id returning 1`,
    },
    {
      // A review about an erased vendor is about that person too.
      name: 'erase_reviews',
      text: `with chosen as (
          select tenant_id, id from reviews
          where tenant_id = $1 and (customer_id = any($2::uuid[]) or vendor_id = any($2::uuid[])) and text <> ''
          order by id limit $3 for update
        ), requests as (${FORGET_REQUESTS})
        update reviews r set text = '' from chosen s where r.tenant_id = s.tenant_id and r.id = s.id returning 1`,
    },
  ],
};
