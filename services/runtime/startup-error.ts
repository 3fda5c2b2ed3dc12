/**
 * Thrown when something outside the program keeps it from starting: a setting, a port, a database. The
 * message is for the person at the terminal, one line a fault: what is wrong, where, and how to correct it.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
