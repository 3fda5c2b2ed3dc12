// The part of opossum 10 that is used here; the package brings no types.
declare module 'opossum' {
  export interface Options {
    timeout: number | false;
    errorThresholdPercentage: number;
    volumeThreshold: number;
    resetTimeout: number;
    rollingCountTimeout: number;
    rollingCountBuckets: number;
    rollingPercentilesEnabled: boolean;
    enableSnapshots: boolean;
    name: string;
    errorFilter: (error: unknown) => boolean;
  }

  // biome-ignore lint/style/noDefaultExport: it is how opossum exports it.
  export default class CircuitBreaker<Args extends unknown[], Result> {
    constructor(action: (...args: Args) => Promise<Result>, options: Options);
    fire(...args: Args): Promise<Result>;
    shutdown(): void;
    readonly closed: boolean;
    readonly opened: boolean;
    readonly halfOpen: boolean;
    readonly pendingClose: boolean;
  }
}
