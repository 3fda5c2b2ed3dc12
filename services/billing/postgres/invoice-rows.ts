import { type FrozenProfile, type Invoice, type InvoiceState, invoiceNumber } from '../invoices/invoice.ts';

/** The JSON of the column `profile`. The user's version is text, because it is a bigint. */
interface StoredProfile {
  readonly display_name: string;
  readonly business_name: string;
  readonly email: string;
  readonly phone: string;
  readonly address_lines: readonly string[];
  readonly user_version: string;
}

/** A row of `invoices` with its lines. */
export interface InvoiceRow {
  tenant_id: string;
  id: string;
  year: number;
  number: number;
  user_id: string;
  state: InvoiceState;
  profile: StoredProfile;
  currency: string;
  total_minor_units: string;
  payment_id: string | null;
  stripe_invoice_id: string | null;
  issue_time: Date;
  update_time: Date;
  request_fingerprint: Buffer | null;
  lines: readonly { description: string; minor_units: string; booking_id: string | null }[];
}

/**
 * Selects `InvoiceRow` from `invoices i`. The condition follows. Amounts are text, which keeps all digits.
 */
export const SELECT_INVOICES = `select i.*, (
    select coalesce(json_agg(json_build_object('description', l.description, 'minor_units', l.minor_units::text,
      'booking_id', l.booking_id) order by l.position), '[]')
    from invoice_lines l where l.tenant_id = i.tenant_id and l.invoice_id = i.id
  ) as lines from invoices i`;

export function invoiceFromRow(row: InvoiceRow): Invoice {
  const { currency: currencyCode } = row;
  return {
    tenantId: row.tenant_id,
    id: row.id,
    number: invoiceNumber(row.year, row.number),
    userId: row.user_id,
    state: row.state,
    profile: profileFromStored(row.profile),
    lines: row.lines.map(({ description, minor_units, booking_id: bookingId }) => {
      return { description, amount: { currencyCode, minorUnits: BigInt(minor_units) }, bookingId };
    }),
    total: { currencyCode, minorUnits: BigInt(row.total_minor_units) },
    paymentId: row.payment_id,
    stripeInvoiceId: row.stripe_invoice_id,
    issueTime: row.issue_time,
    updateTime: row.update_time,
  };
}

export function toStoredProfile(profile: FrozenProfile): StoredProfile {
  return {
    display_name: profile.displayName,
    business_name: profile.businessName,
    email: profile.email,
    phone: profile.phone,
    address_lines: profile.addressLines,
    user_version: String(profile.userVersion),
  };
}

function profileFromStored(kept: StoredProfile): FrozenProfile {
  return {
    displayName: kept.display_name,
    businessName: kept.business_name,
    email: kept.email,
    phone: kept.phone,
    addressLines: kept.address_lines,
    userVersion: BigInt(kept.user_version),
  };
}
