/** Where a command tells what it does. */
export interface CommandOutput {
  write(text: string): void;
}
