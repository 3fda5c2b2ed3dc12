import type { UserScope } from './user-reader.ts';

/** What is on its way, by tenant, view and id: maps in maps, because making a key of the three costs more than finding it. */
export class FlightBoard<Flight> {
  readonly #byTenant = new Map<string, Map<string, Flight>[]>();

  get({ tenantId, view }: UserScope, id: string): Flight | undefined {
    return this.#byTenant.get(tenantId)?.[view]?.get(id);
  }

  put({ tenantId, view }: UserScope, id: string, flight: Flight): void {
    const views = this.#byTenant.get(tenantId) ?? [];
    if (views.length === 0) this.#byTenant.set(tenantId, views);
    views[view] ??= new Map();
    views[view].set(id, flight);
  }

  /** Takes this flight off, and leaves another one that has its place. */
  remove({ tenantId, view }: UserScope, id: string, flight: Flight): void {
    const flights = this.#byTenant.get(tenantId)?.[view];
    if (flights?.get(id) === flight) flights.delete(id);
  }

  /** Takes all of these tenants off. */
  clear(tenantIds: readonly string[]): void {
    for (const tenantId of tenantIds) this.#byTenant.delete(tenantId);
  }
}
