// The part of opossum 10 that is used here; the package brings no types.
declare module 'opossum' {
  import type { EventEmitter } from 'node:events';

  export interface Options {
    timeout: number | false;
    errorThresholdPercentage: number;
    volumeThreshold: number;
    resetTimeout: number;
    rollingCountTimeout: number;
    rollingCountBuckets: number;
    rotateBucketController: EventEmitter;
    rollingPercentilesEnabled: boolean;
    enableSnapshots: boolean;
    name: string;
    errorFilter: (error: unknown) => boolean;
  }

  // biome-ignore lint/style/noDefaultExport: it is how opossum exports it.
  export default class CircuitBreaker<Args extends unknown[], Result> {
    constructor(action: (...args: Args) => Promise<Result>, options: Options);
    fire(...args: Args): Promise<Result>;
    open(): void;
    close(): void;
    shutdown(): void;
    on(event: 'open' | 'halfOpen' | 'close', listener: () => void): this;
    readonly closed: boolean;
    readonly opened: boolean;
    readonly halfOpen: boolean;
  }
}
