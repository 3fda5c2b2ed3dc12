import type { ExternalId } from '@rollcall/contract/user';

/** Whose something is. */
export interface Owner {
  readonly tenantId: string;
  readonly id: string;
}

interface Belonging<T> extends Owner {
  readonly key: string;
  readonly item: T;
}

/** What users have beside their own fields, each under a key that is its own within a tenant. It follows its owner into a merge. */
export class RelatedRecords<T> {
  readonly #kept = new Map<string, Belonging<T>>();

  put({ tenantId, id }: Owner, key: string, item: T): void {
    this.#kept.set(toKey(tenantId, key), { tenantId, id, key, item });
  }

  /** Removes what is under a key, where it is the user's. */
  remove(owner: Owner, key: string): void {
    if (this.ownerOf(owner.tenantId, key) === owner.id) this.#kept.delete(toKey(owner.tenantId, key));
  }

  ownerOf(tenantId: string, key: string): string | undefined {
    return this.#kept.get(toKey(tenantId, key))?.id;
  }

  /** All of a user, oldest first. */
  of(owner: Owner): T[] {
    return this.#of(owner).map(([, { item }]) => item);
  }

  /** The same, each with its key. */
  entriesOf(owner: Owner): [string, T][] {
    return this.#of(owner).map(([, { key, item }]) => [key, item]);
  }

  /** Gives all of a user to another. Answers what went, for `moveBack`. */
  move(from: Owner, toId: string): readonly string[] {
    const went = this.#of(from).map(([key]) => key);
    this.#give(went, from.id, toId);
    return went;
  }

  /** Gives what went to another back to its owner, where it is still there. */
  moveBack(went: readonly string[], fromId: string, { id }: Owner): void {
    this.#give(went, fromId, id);
  }

  /** Removes all of a user. */
  clear(owner: Owner): void {
    for (const [key] of this.#of(owner)) this.#kept.delete(key);
  }

  #of({ tenantId, id }: Owner): [string, Belonging<T>][] {
    return [...this.#kept].filter(([, each]) => each.tenantId === tenantId && each.id === id);
  }

  // Set anew under its key, each keeps its place in the order.
  #give(keys: readonly string[], fromId: string, toId: string): void {
    for (const key of keys) {
      const kept = this.#kept.get(key);
      if (kept?.id === fromId) this.#kept.set(key, { ...kept, id: toId });
    }
  }
}

function toKey(tenantId: string, key: string): string {
  return `${tenantId}/${key}`;
}

/** Names of users in other systems. */
export class ExternalIds extends RelatedRecords<ExternalId> {
  holder(tenantId: string, externalId: ExternalId): string | undefined {
    return this.ownerOf(tenantId, externalIdKey(externalId));
  }

  link(owner: Owner, externalId: ExternalId): void {
    this.put(owner, externalIdKey(externalId), externalId);
  }

  /** Where the user has it. */
  unlink(owner: Owner, externalId: ExternalId): void {
    this.remove(owner, externalIdKey(externalId));
  }

  /** All of a user, in order. */
  override of(owner: Owner): ExternalId[] {
    return super.of(owner).sort((one, other) => (externalIdKey(one) < externalIdKey(other) ? -1 : 1));
  }
}

/** A name in another system as one text. No source holds a space, which sorts before all that it may hold. */
export function externalIdKey({ source, externalId }: ExternalId): string {
  return `${source} ${externalId}`;
}
