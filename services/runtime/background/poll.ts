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
export function poll(check: () => Promise<void>, { pollMs, onError }: PollOptions): () => void {
  let isChecking = false;
  let lastReported: string | undefined;
  const checkOnce = async () => {
    try {
      await check();
      lastReported = undefined;
    } catch (error) {
      if (lastReported !== String(error)) onError(error);
      lastReported = String(error);
    }
  };
  const timer = setInterval(async () => {
    if (isChecking) return;
    isChecking = true;
    await checkOnce();
    isChecking = false;
  }, pollMs).unref();
  return () => clearInterval(timer);
}
