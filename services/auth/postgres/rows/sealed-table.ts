/** A row of a sealed table: bytes in its sealed and index columns, and the columns of `others`. */
export type SealedTableRow = Readonly<Record<string, unknown>>;

/**
 * A table with columns that keys sealed or derived.
 * Each such table must be listed in `sealedTables`. Otherwise the log would say that an old key can be
 * removed while the table still needs it.
 */
export interface SealedTable {
  readonly table: string;
  /** Columns of the primary key, in order. */
  readonly key: readonly { readonly column: string; readonly type: 'text' | 'uuid' | 'bytea' }[];
  /** Columns of type bytea that hold sealed values or blind indexes. */
  readonly columns: readonly string[];
  /** Other columns that `withCurrentKeys` reads. */
  readonly others?: readonly string[];
  /** SQL condition for the rows that hold sealed values. */
  readonly where: string;
  /**
   * The columns under the current keys; undefined when the row already uses them. Omitted columns stay
   * unchanged.
   */
  withCurrentKeys(row: SealedTableRow): Readonly<Record<string, Buffer | null>> | undefined;
}
