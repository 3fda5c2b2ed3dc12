/** A row of a sealed table: bytes in its sealed and index columns, whatever else it needs as it is read. */
export type SealedTableRow = Readonly<Record<string, unknown>>;

/**
 * A table that holds what keys sealed or made. Each such table must be in the list of those whose keys change
 * (`sealed-tables.ts`): otherwise the log would tell that an old key can go while the table still needs it.
 */
export interface SealedTable {
  readonly table: string;
  /** Columns of the primary key, in order. */
  readonly key: readonly { readonly column: string; readonly type: 'text' | 'uuid' | 'bytea' }[];
  /** Columns of type bytea, nullable or not, that keys made: sealed values and blind indexes. */
  readonly columns: readonly string[];
  /** What else `withCurrentKeys` needs of a row. */
  readonly others?: readonly string[];
  /** SQL: the rows that hold anything of it. */
  readonly where: string;
  /** The columns as the first keys would have them; undefined: they have. A column that is left out stays as it is. */
  withCurrentKeys(row: SealedTableRow): Readonly<Record<string, Buffer | null>> | undefined;
}
