import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { BookingStatus, ContactDetails } from '../bookings/booking.ts';

/** Table `bookings`. */
export const BookingEntity = defineEntity({
  name: 'BookingEntity',
  tableName: 'bookings',
  properties: {
    tenantId: p.text().primary(),
    id: p.uuid().primary(),
    reference: p.text(),
    userId: p.uuid().nullable(),
    contactDetails: p.json().$type<ContactDetails>().nullable(),
    status: p.text().$type<BookingStatus>(),
    startDate: p.date(),
    endDate: p.date(),
    amountMinorUnits: p.bigint().nullable(),
    amountCurrency: p.text().nullable(),
    title: p.text(),
    requestId: p.uuid().nullable(),
    requestFingerprint: p.blob().nullable(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
  },
});

/** A row of `bookings`. */
export type BookingRow = InferEntity<typeof BookingEntity>;

/** Every table that the service maps. */
export const ENTITIES = [BookingEntity];
