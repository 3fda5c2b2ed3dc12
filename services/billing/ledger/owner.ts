import { isRaw, type Raw } from './read-fields.ts';

/** Whose something is, as the metadata at Stripe say. Never more than ids: the rest of the metadata is not kept. */
export interface OwnerFacts {
  readonly tenant_id: string | null;
  readonly user_id: string | null;
  readonly booking_id: string | null;
}

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads `metadata.tenant_id`, `.user_id` and `.booking_id`; what is none of that form counts as not said. */
export function ownerOf(raw: Raw): OwnerFacts {
  const metadata = isRaw(raw.metadata) ? raw.metadata : {};
  const matching = (field: string, form: RegExp) => {
    const value = metadata[field];
    return typeof value === 'string' && form.test(value) ? value.toLowerCase() : null;
  };
  return {
    tenant_id: matching('tenant_id', TENANT),
    user_id: matching('user_id', UUID),
    booking_id: matching('booking_id', UUID),
  };
}
