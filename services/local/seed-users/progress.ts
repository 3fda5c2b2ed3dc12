/** Where progress is shown: `process.stdout`, or something like it. */
export interface ProgressScreen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const PLAIN_EVERY_MS = 5_000;

/** Shows how many users are written: one line that is redrawn on a terminal, elsewhere a line every five seconds. */
export function createCrowdProgress(screen: ProgressScreen, users: number, now = () => performance.now()) {
  const begun = now();
  let drawnAt = begun;
  const draw = (done: number) => {
    drawnAt = now();
    const rate = Math.round((1000 * done) / Math.max(1, drawnAt - begun));
    const text = `${Math.floor((100 * done) / users)} %, ${done} of ${users} users, ${rate} users/s`;
    screen.write(screen.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  };
  return {
    update(done: number): void {
      if (screen.isTTY || done === users || now() - drawnAt >= PLAIN_EVERY_MS) draw(done);
    },
    /** A line of its own. */
    note(text: string): void {
      screen.write(screen.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
    end(): void {
      if (screen.isTTY) screen.write('\n');
    },
    /** Seconds since it began. */
    seconds: () => (now() - begun) / 1000,
  };
}
