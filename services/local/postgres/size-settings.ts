const MB = 2 ** 20;
/**
 * Share of memory, between PostgreSQL's default and the size that a million users profit from. Our own
 * choice.
 */
const SHARE = 1 / 16;
const MIN_BUFFERS_MB = 128;
const MAX_BUFFERS_MB = 512;
/** Twice PostgreSQL's default, for half as many checkpoints in a large load. */
const MAX_WAL_SIZE = '2GB';

/** Returns settings of postgresql.conf that depend on the machine's memory. */
export function sizeSettings(memoryBytes: number) {
  const share = Math.floor((memoryBytes * SHARE) / MB);
  const buffersMb = Math.min(Math.max(share, MIN_BUFFERS_MB), MAX_BUFFERS_MB);
  return { shared_buffers: `${buffersMb}MB`, max_wal_size: MAX_WAL_SIZE } as const;
}
