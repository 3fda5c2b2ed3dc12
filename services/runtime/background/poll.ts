/** Options of `poll`. */
export interface PollOptions {
  /** Pause between two runs. Milliseconds. */
  readonly pollMs: number;
  /** Called with a failure, once until a run succeeds or fails with another message. */
  readonly onError: (error: unknown) => void;
}

/**
 * Runs a check at a fixed interval, one run at a time, without keeping the process alive.
 * @returns a function that stops it
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
