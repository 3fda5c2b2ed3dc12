import type { ErasedRows } from '@rollcall/user-access';

// Of what was made, the digests of the requests that made it: with a list of addresses one could tell which it was.
const FORGET_REQUESTS = `update made_by_request r set fingerprint = '' from chosen s
  where r.tenant_id = s.tenant_id and r.made_id = s.id`;

/**
 * How the booking service clears what it holds of erased users. A booking stays with its days and its money, a review with its
 * rating, which is the vendor's; pets go.
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
      // What others wrote of an erased vendor is about that person too.
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
