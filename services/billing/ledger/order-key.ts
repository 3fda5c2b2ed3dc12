/** Where a snapshot stands among those of one object: compared field by field, the first that differs decides. */
export interface OrderKey {
  /** How far along its life the object is; Stripe never goes back from one to the one before. */
  readonly tier: number;
  /** When it was so, by Stripe, in s since 1970. */
  readonly asOf: number;
  /** What is certain to be later within one second. */
  readonly step: number;
  /** What is likely to be later. It decides, but is not relied on: see `isTie`. */
  readonly guess: number;
  /** Of the facts, so that the choice depends on nothing else. */
  readonly digest: string;
}

/** Below 0: `a` is the older one; 0: they say the same; above 0: the newer one. */
export function compareKeys(a: OrderKey, b: OrderKey): number {
  return compareCertain(a, b) || a.guess - b.guess || compareText(a.digest, b.digest);
}

/** Whether it is not certain which of two is the newer one, although they differ. */
export function isTie(a: OrderKey, b: OrderKey): boolean {
  return compareCertain(a, b) === 0 && a.digest !== b.digest;
}

function compareCertain(a: OrderKey, b: OrderKey): number {
  return a.tier - b.tier || a.asOf - b.asOf || a.step - b.step;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
