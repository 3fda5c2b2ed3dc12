/**
 * Returns the text of a cell without outer space, and without the formula `="0123"` by which spreadsheets
 * keep a number as text.
 */
export function textOf(cell: string): string {
  const trimmed = cell.trim();
  return /^="([^"]*)"$/.exec(trimmed)?.[1]?.trim() ?? trimmed;
}

/** The text of a whole number without the `.0` that programs add where a column has empty cells. */
export function wholeNumberOf(cell: string): string {
  return textOf(cell).replace(/^([+-]?\d+)\.0+$/, '$1');
}

// #N/A, #REF!, #NAME?, their German and French names, Err:502 of LibreOffice, and ##### of a column that is
// too narrow.
const ERROR_VALUE = /^(?:#(?=.*\p{Lu})[\p{Lu}\d/_]+[!?]?|#{3,}|Err:\d{3})$/u;

/** Whether a cell holds what a spreadsheet writes where it has no value to write. */
export function isErrorValue(cell: string): boolean {
  return ERROR_VALUE.test(textOf(cell));
}

/** Whether a cell holds a date as spreadsheets count them: days since 1899-12-30, from 1954 on. */
export function isSerialDate(cell: string): boolean {
  return /^[2-9]\d{4}(?:\.\d+)?$/.test(textOf(cell));
}
