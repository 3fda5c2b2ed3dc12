import type { InFlightRead } from './in-flight-read.ts';

/**
 * Finds reads in flight by id. All reads of an id, of every tenant, view and minimum version, form one chain:
 * the caller's own string finds it, and no key is built.
 */
export class InFlightIndex {
  readonly #firsts = new Map<string, InFlightRead>();

  /** The first read of an id, of any tenant and view. */
  first(id: string): InFlightRead | undefined {
    return this.#firsts.get(id);
  }

  /** The reads of an id in this tenant, in every view. */
  find(tenantId: string, id: string): InFlightRead[] {
    const found: InFlightRead[] = [];
    for (let inFlight = this.first(id); inFlight !== undefined; inFlight = inFlight.next)
      if (inFlight.batch.scope.tenantId === tenantId) found.push(inFlight);
    return found;
  }

  *all(): Iterable<InFlightRead> {
    for (const first of this.#firsts.values())
      for (let inFlight: InFlightRead | undefined = first; inFlight !== undefined; inFlight = inFlight.next)
        yield inFlight;
  }

  add(inFlight: InFlightRead): void {
    const { id } = inFlight.wanted;
    inFlight.next = this.#firsts.get(id);
    this.#firsts.set(id, inFlight);
  }

  remove(inFlight: InFlightRead): void {
    const { id } = inFlight.wanted;
    const first = this.#firsts.get(id);
    if (first !== inFlight) unlink(first, inFlight);
    else if (inFlight.next === undefined) this.#firsts.delete(id);
    else this.#firsts.set(id, inFlight.next);
    inFlight.next = undefined;
  }
}

function unlink(first: InFlightRead | undefined, inFlight: InFlightRead): void {
  let before = first;
  while (before !== undefined && before.next !== inFlight) before = before.next;
  if (before !== undefined) before.next = inFlight.next;
}
