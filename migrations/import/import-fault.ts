/**
 * The import cannot go on. The message is for the person at the terminal: one line, what is wrong and what to
 * do.
 */
export class ImportFault extends Error {
  override readonly name = 'ImportFault';
}
