/** Where progress is shown: `process.stderr`, or something like it. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far an import is. */
export interface Progress {
  /**
   * Rows that are done, and how many bytes of the file have been read for them. Cheap: draws a few times a
   * second at most.
   */
  update(rows: number, bytes: number): void;
  /** Says something that stays on the screen. */
  say(line: string): void;
  /** The whole file was read, the lines too that are no rows. */
  complete(): void;
  /** Draws the last state and ends the line. */
  end(): void;
}

/** Options of the progress display. */
export interface ProgressOptions {
  /** Size of the file. */
  readonly totalBytes: number;
  /** Milliseconds since any fixed point. Default: a monotonic clock. */
  readonly now?: () => number;
}

const CLEAR_LINE = '\r\x1b[2K';
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;
const BAR_CELLS = 24;

/**
 * One line that is redrawn where the screen is a terminal; elsewhere a line of its own every five seconds and
 * at the end.
 */
export function createProgress(
  screen: Screen,
  { totalBytes, now = () => performance.now() }: ProgressOptions,
): Progress {
  const begun = now();
  const state = { rows: 0, bytes: 0, drawnAt: begun };
  const text = () => describe({ ...state, totalBytes, elapsedMs: now() - begun });
  const draw = () => {
    state.drawnAt = now();
    const shown = screen.isTTY
      ? `${bar(state.bytes, totalBytes)} ${text()}`.slice(0, widthOf(screen))
      : text();
    screen.write(screen.isTTY ? `${CLEAR_LINE}${shown}` : `${shown}\n`);
  };
  if (screen.isTTY) draw();
  return {
    update(rows, bytes) {
      state.rows = rows;
      state.bytes = Math.max(state.bytes, bytes);
      if (now() - state.drawnAt >= (screen.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) draw();
    },
    say: (line) => void screen.write(screen.isTTY ? `${CLEAR_LINE}${line}\n` : `${line}\n`),
    complete() {
      state.bytes = totalBytes;
    },
    end() {
      draw();
      if (screen.isTTY) screen.write('\n');
    },
  };
}

// The last column stays free: some terminals wrap once it is written. Some say that they have 0 columns.
function widthOf({ columns }: Screen): number {
  return (columns || 80) - 1;
}

function bar(bytes: number, totalBytes: number): string {
  const full = Math.floor(BAR_CELLS * shareOf(bytes, totalBytes));
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}

function describe(state: { rows: number; bytes: number; totalBytes: number; elapsedMs: number }): string {
  const { rows, bytes, totalBytes, elapsedMs } = state;
  const percent = Math.floor(100 * shareOf(bytes, totalBytes));
  const rate = elapsedMs > 0 ? Math.round((1000 * rows) / elapsedMs) : 0;
  return `${percent} %, ${toSize(bytes)} of ${toSize(totalBytes)}, ${rows} rows, ${rate} rows/s`;
}

function shareOf(bytes: number, totalBytes: number): number {
  return totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 1;
}

function toSize(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
