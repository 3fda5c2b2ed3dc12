/** A place in a list that is ordered by the time of making, newest first. */
export interface TimePosition {
  /** `createTime` in ms since 1970. */
  readonly timeMs: number;
  /** In lower case. */
  readonly id: string;
}
