import type { Flight } from './in-flight-read.ts';

/**
 * The reads on their way, each until it lands, so that of those that have landed nothing stays. All of an id stand in one chain,
 * in every tenant, view and version wanted, which is found by the caller's own string without building a key.
 */
export class FlightBoard {
  readonly #firsts = new Map<string, Flight>();

  /** The first on its way for an id, of every tenant and view. */
  first(id: string): Flight | undefined {
    return this.#firsts.get(id);
  }

  /** What is on its way for an id of this tenant, in every view. */
  of(tenantId: string, id: string): Flight[] {
    const flights: Flight[] = [];
    for (let flight = this.first(id); flight !== undefined; flight = flight.next)
      if (flight.batch.scope.tenantId === tenantId) flights.push(flight);
    return flights;
  }

  *all(): Iterable<Flight> {
    for (const first of this.#firsts.values())
      for (let flight: Flight | undefined = first; flight !== undefined; flight = flight.next) yield flight;
  }

  add(flight: Flight): void {
    const { id } = flight.wanted;
    flight.next = this.#firsts.get(id);
    this.#firsts.set(id, flight);
  }

  remove(flight: Flight): void {
    const { id } = flight.wanted;
    const first = this.#firsts.get(id);
    if (first !== flight) unlink(first, flight);
    else if (flight.next === undefined) this.#firsts.delete(id);
    else this.#firsts.set(id, flight.next);
    flight.next = undefined;
  }
}

function unlink(first: Flight | undefined, flight: Flight): void {
  let before = first;
  while (before !== undefined && before.next !== flight) before = before.next;
  if (before !== undefined) before.next = flight.next;
}
