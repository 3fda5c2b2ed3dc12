import type { ExternalId } from '@rollcall/contract/user';

/** Names of users in other systems. */
export class ExternalIds {
  readonly #holders = new Map<string, { userId: string; tenantId: string; externalId: ExternalId }>();

  holder(tenantId: string, externalId: ExternalId): string | undefined {
    return this.#holders.get(`${tenantId}/${externalKeyOf(externalId)}`)?.userId;
  }

  link({ tenantId, id }: { tenantId: string; id: string }, externalId: ExternalId): void {
    this.#holders.set(`${tenantId}/${externalKeyOf(externalId)}`, { userId: id, tenantId, externalId });
  }

  unlink(tenantId: string, externalId: ExternalId): void {
    this.#holders.delete(`${tenantId}/${externalKeyOf(externalId)}`);
  }

  /** All of a user, in order. */
  of({ tenantId, id }: { tenantId: string; id: string }): ExternalId[] {
    return [...this.#holders.values()]
      .filter((each) => each.tenantId === tenantId && each.userId === id)
      .map(({ externalId }) => externalId)
      .sort((one, other) => (externalKeyOf(one) < externalKeyOf(other) ? -1 : 1));
  }
}

/** A name in another system as one text. No source holds a space, which sorts before all that it may hold. */
export function externalKeyOf({ source, externalId }: ExternalId): string {
  return `${source} ${externalId}`;
}
