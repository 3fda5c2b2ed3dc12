import type { MessageInitShape } from '@bufbuild/protobuf';
import type { BookingSchema } from '@rollcall/contract/booking';
import type { Currency } from './amount.ts';

/**
 * The texts of one row by column, as they stand in the file; an optional column that the file lacks is empty.
 */
export type Cells<Column extends string = string> = Readonly<Record<Column, string>>;

/** Person of a row, as the file has it. Parts that are not given are empty. */
export interface SourcePerson {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
}

/** A value of a row that what is made of the row does not have. */
export interface LeftOut<From extends string = string> {
  /** Column, or part of a person, that it stands in. */
  readonly from: From;
  /** The reason, as the end of a sentence that begins "… is left out: ", without the value. */
  readonly reason: string;
}

/** Content of one row. */
export interface SourceRecord {
  /** The booking without its user. */
  readonly booking: MessageInitShape<typeof BookingSchema>;
  readonly person: SourcePerson;
  /** By column; absent: none. */
  readonly leftOut?: readonly LeftOut[];
}

/**
 * A kind of file that can be imported.
 *
 * Columns that are named in neither list are dropped as the file is read. Together the lists, in their order,
 * are also what a row's request id is made from: a change of either imports every file a second time.
 */
export interface SourceKind<Column extends string = string> {
  /** Content of such a file, for --help. */
  readonly doc: string;
  /** Columns that the header must have, lower case. */
  readonly required: readonly Column[];
  /** Columns that are used where they are there, lower case. */
  readonly optional: readonly Column[];
  /** Which columns a person comes from. */
  readonly personColumns: Readonly<Record<keyof SourcePerson, Column>>;
  /** Throws RowFault where the row cannot become a booking. */
  read(cells: Cells<Column>, currency: Currency): SourceRecord;
}

/**
 * A row cannot become a booking. The message goes into the report: it names columns and rules, never what was
 * in them.
 */
export class RowFault extends Error {
  override readonly name = 'RowFault';
}
