import { BookingStatus } from '@rollcall/contract/booking';
import { textOf, wholeNumberOf } from '../source/cell.ts';
import { type Cells, RowFault } from '../source/source-kind.ts';

/** Columns that say what became of a booking. */
export const STATUS_COLUMNS = ['is_canceled', 'reservation_status'] as const;

// The source marks a guest who never came as cancelled, and so do we: `is_canceled` is 1 with No-Show.
const STATUSES: ReadonlyMap<string, { status: BookingStatus; isCanceled: string }> = new Map(
  Object.entries<{ status: BookingStatus; isCanceled: string }>({
    'check-out': { status: BookingStatus.COMPLETED, isCanceled: '0' },
    canceled: { status: BookingStatus.CANCELLED, isCanceled: '1' },
    'no-show': { status: BookingStatus.CANCELLED, isCanceled: '1' },
  }),
);

/** What became of a booking. Throws RowFault where the columns do not say, or contradict each other. */
export function readStatus(cells: Cells<(typeof STATUS_COLUMNS)[number]>): BookingStatus {
  const known = STATUSES.get(textOf(cells.reservation_status).toLowerCase());
  if (!known) throw new RowFault('reservation_status is none of Check-Out, Canceled, No-Show');
  if (wholeNumberOf(cells.is_canceled) === known.isCanceled) return known.status;
  throw new RowFault('is_canceled and reservation_status contradict each other');
}
