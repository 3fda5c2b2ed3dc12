const MB = 2 ** 20;
/** A developer's machine has more to do than this: a sixteenth of it, from what PostgreSQL takes by itself to what a million users gain from. Our own choice. */
const SHARE = 1 / 16;
const MIN_BUFFERS_MB = 128;
const MAX_BUFFERS_MB = 512;
/** Twice PostgreSQL's default: half as many checkpoints in a large load, each of which has every page written whole once more. */
const MAX_WAL_SIZE = '2GB';

/** Settings of postgresql.conf that depend on how large the machine is. */
export function sizeSettings(memoryBytes: number) {
  const share = Math.floor((memoryBytes * SHARE) / MB);
  const buffersMb = Math.min(Math.max(share, MIN_BUFFERS_MB), MAX_BUFFERS_MB);
  return { shared_buffers: `${buffersMb}MB`, max_wal_size: MAX_WAL_SIZE } as const;
}
