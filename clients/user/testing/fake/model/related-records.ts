import type { ExternalId } from '@rollcall/contract/user';

/** The user that a record belongs to. */
export interface Owner {
  readonly tenantId: string;
  readonly id: string;
}

interface RelatedRecord<T> extends Owner {
  readonly key: string;
  readonly item: T;
}

/** Records of users, each under a key that is unique in its tenant. A merge moves them to the survivor. */
export class RelatedRecords<T> {
  readonly #records = new Map<string, RelatedRecord<T>>();

  put({ tenantId, id }: Owner, key: string, item: T): void {
    this.#records.set(toKey(tenantId, key), { tenantId, id, key, item });
  }

  /** Removes the record of a key when it belongs to the user. */
  remove(owner: Owner, key: string): void {
    if (this.ownerOf(owner.tenantId, key) === owner.id) this.#records.delete(toKey(owner.tenantId, key));
  }

  ownerOf(tenantId: string, key: string): string | undefined {
    return this.#records.get(toKey(tenantId, key))?.id;
  }

  /** All records of a user, oldest first. */
  of(owner: Owner): T[] {
    return this.#of(owner).map(([, { item }]) => item);
  }

  /** All records of a user with their keys, oldest first. */
  entriesOf(owner: Owner): [string, T][] {
    return this.#of(owner).map(([, { key, item }]) => [key, item]);
  }

  /** Moves all records of a user to another user. Returns their keys, for `moveBack`. */
  move(from: Owner, toId: string): readonly string[] {
    const keys = this.#of(from).map(([key]) => key);
    this.#changeOwner(keys, from.id, toId);
    return keys;
  }

  /** Moves records back to their owner when the other user still has them. */
  moveBack(keys: readonly string[], fromId: string, { id }: Owner): void {
    this.#changeOwner(keys, fromId, id);
  }

  /** Removes all records of a user. */
  clear(owner: Owner): void {
    for (const [key] of this.#of(owner)) this.#records.delete(key);
  }

  #of({ tenantId, id }: Owner): [string, RelatedRecord<T>][] {
    return [...this.#records].filter(([, each]) => each.tenantId === tenantId && each.id === id);
  }

  // A Map keeps the order of existing keys.
  #changeOwner(keys: readonly string[], fromId: string, toId: string): void {
    for (const key of keys) {
      const kept = this.#records.get(key);
      if (kept?.id === fromId) this.#records.set(key, { ...kept, id: toId });
    }
  }
}

function toKey(tenantId: string, key: string): string {
  return `${tenantId}/${key}`;
}

/** External ids of users. */
export class ExternalIds extends RelatedRecords<ExternalId> {
  holder(tenantId: string, externalId: ExternalId): string | undefined {
    return this.ownerOf(tenantId, externalIdKey(externalId));
  }

  link(owner: Owner, externalId: ExternalId): void {
    this.put(owner, externalIdKey(externalId), externalId);
  }

  /** Removes an external id when it belongs to the user. */
  unlink(owner: Owner, externalId: ExternalId): void {
    this.remove(owner, externalIdKey(externalId));
  }

  /** All external ids of a user, sorted by source and id. */
  override of(owner: Owner): ExternalId[] {
    return super.of(owner).sort((one, other) => (externalIdKey(one) < externalIdKey(other) ? -1 : 1));
  }
}

/** The key of an external id. No source holds a space, which sorts before all characters that it may hold. */
export function externalIdKey({ source, externalId }: ExternalId): string {
  return `${source} ${externalId}`;
}
