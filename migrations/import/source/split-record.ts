import { CsvError, parse } from 'csv-parse/sync';

/** What one line, or a few that a quoted field joins, holds. */
export type SplitRecord =
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  /** A quoted field is still open at the end. */
  | { readonly kind: 'open' }
  /** Not one record. */
  | { readonly kind: 'broken' };

/**
 * Splits the text of one record, which is not empty, at its delimiters, minding quotes (RFC 4180). On a single line a quote
 * where none belongs is a character like others; over several lines that would join what does not belong together.
 */
export function splitRecord(text: string, delimiter: string): SplitRecord {
  try {
    const [fields, ...more] = parse(text, {
      delimiter,
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: !/[\r\n]/.test(text),
    });
    return fields && more.length === 0 ? { kind: 'fields', fields } : { kind: 'broken' };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { kind: error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'broken' };
  }
}
