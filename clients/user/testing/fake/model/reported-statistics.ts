import type { RecordStatisticsRequest } from '@rollcall/contract/user';
import type { Owner } from './related-records.ts';

/** What services told of users, each by the id that it knows: that does not follow a user into a merge. */
export class ToldFigures {
  readonly #told = new Map<string, RecordStatisticsRequest>();

  /** Keeps what a service tells in place of what it told before, unless that was newer. */
  tell(told: RecordStatisticsRequest): void {
    const key = `${toPrefix(told)}${told.source}`;
    const before = this.#told.get(key);
    if (before === undefined || told.revision >= before.revision) this.#told.set(key, told);
  }

  /** Everything that was told of these. */
  of(owners: readonly Owner[]): RecordStatisticsRequest[] {
    return owners.flatMap((owner) => this.#keysOf(owner).flatMap((key) => this.#told.get(key) ?? []));
  }

  /** Forgets what was told of a user. */
  clear(owner: Owner): void {
    for (const key of this.#keysOf(owner)) this.#told.delete(key);
  }

  #keysOf(owner: Owner): string[] {
    return [...this.#told.keys()].filter((key) => key.startsWith(toPrefix(owner)));
  }
}

function toPrefix({ tenantId, id }: Owner): string {
  return `${tenantId}/${id.toLowerCase()}/`;
}
