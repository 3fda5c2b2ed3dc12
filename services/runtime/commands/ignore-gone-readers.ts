/** Lets a command go on whose reader has gone, as in `npm run audit -- tail | head`: what it has begun is done, and no error is told. */
export function ignoreGoneReaders(): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
