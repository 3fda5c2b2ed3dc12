import { Buffer } from 'node:buffer';
import type { MikroORM } from '@mikro-orm/postgresql';
import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import type { Booking } from '../bookings/booking.ts';
import type { BookingWrites, WriteRequest } from '../bookings/booking-writes.ts';
import { BookingEntity, type BookingRow } from './booking-entity.ts';

/** Writes through MikroORM, each one statement, and with that a transaction of its own. */
export function createPostgresBookingWrites(orm: MikroORM): BookingWrites {
  return {
    async findByRequest(tenantId, requestId) {
      const row = await orm.em.fork().findOne(BookingEntity, { tenantId, requestId });
      return row?.requestFingerprint
        ? { booking: bookingFromEntity(row), fingerprint: row.requestFingerprint }
        : undefined;
    },
    async insert(booking, request) {
      try {
        await orm.em.fork().insert(BookingEntity, toRow(booking, request));
        return true;
      } catch (error) {
        if (sqlState(error) === '23505' && TAKEN.has(violatedConstraint(error) ?? '')) return false;
        throw error;
      }
    },
  };
}

// Which of the two breaks first is Postgres' choice: a repeat with a chosen reference breaks both.
const TAKEN = new Set(['bookings_reference', 'bookings_request_id']);

function toRow(booking: Booking, request: WriteRequest | undefined) {
  const { amount, contactDetails = null, ...columns } = booking;
  return {
    ...columns,
    contactDetails,
    amountMinorUnits: amount?.minorUnits ?? null,
    amountCurrency: amount?.currencyCode ?? null,
    requestId: request?.id ?? null,
    requestFingerprint: request ? Buffer.from(request.fingerprint) : null,
  };
}

function bookingFromEntity(row: BookingRow): Booking {
  const { amountMinorUnits, amountCurrency } = row;
  const hasAmount = typeof amountMinorUnits === 'bigint' && typeof amountCurrency === 'string';
  return {
    tenantId: row.tenantId,
    id: row.id,
    reference: row.reference,
    userId: row.userId ?? null,
    contactDetails: row.contactDetails ?? null,
    status: row.status,
    startDate: row.startDate,
    endDate: row.endDate,
    amount: hasAmount ? { currencyCode: amountCurrency, minorUnits: amountMinorUnits } : null,
    title: row.title,
    createTime: row.createTime,
    updateTime: row.updateTime,
  };
}
