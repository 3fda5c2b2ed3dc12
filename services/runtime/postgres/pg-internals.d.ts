// The parts of pg that its own cursors and streams are built on; its types leave them out.
declare module 'pg/lib/utils.js' {
  /** A parameter as Postgres is told it. Throws where it cannot be told. */
  export function prepareValue(value: unknown): string | Buffer | null;
}
