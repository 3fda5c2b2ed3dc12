/** Ids that were merged away and are in memory, by the survivor that they show: changes of it are told under its own id. */
export class MergedIds {
  readonly #bySurvivor = new Map<string, Set<string>>();

  /** The ids that show this survivor, in any tenant. */
  of(survivorId: string): Iterable<string> {
    return this.#bySurvivor.get(survivorId) ?? [];
  }

  add(id: string, survivorId: string): void {
    const ids = this.#bySurvivor.get(survivorId);
    if (ids === undefined) this.#bySurvivor.set(survivorId, new Set([id]));
    else ids.add(id);
  }

  delete(id: string, survivorId: string): void {
    const ids = this.#bySurvivor.get(survivorId);
    ids?.delete(id);
    if (ids?.size === 0) this.#bySurvivor.delete(survivorId);
  }

  clear(): void {
    this.#bySurvivor.clear();
  }
}
