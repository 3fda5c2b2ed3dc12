/** How to look. */
export interface PollOptions {
  /** Time in ms between two looks. */
  readonly pollMs: number;
  /** Told of a failure, once until a look succeeds or fails in other words. */
  readonly onError: (error: unknown) => void;
}

/**
 * Looks again and again, one look at a time, and does not keep the process running. A fault that lasts is told once.
 * @returns how to stop.
 */
export function poll(look: () => Promise<void>, { pollMs, onError }: PollOptions): () => void {
  let isLooking = false;
  let told: string | undefined;
  const lookOnce = async () => {
    try {
      await look();
      told = undefined;
    } catch (error) {
      if (told !== String(error)) onError(error);
      told = String(error);
    }
  };
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await lookOnce();
    isLooking = false;
  }, pollMs).unref();
  return () => clearInterval(timer);
}
