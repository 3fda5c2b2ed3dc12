import type { UserError } from '../users/user-error.ts';
import { type FeedNews, Subscriber } from './subscriber.ts';

/**
 * Everybody who is told of the same tenants. What is of those tenants is picked once for all, and all are handed the same
 * object, by which whoever writes it knows that it has been made into bytes before.
 */
export class Audience {
  readonly #tenantIds: ReadonlySet<string>;
  readonly #subscribers = new Set<Subscriber>();

  constructor(tenantIds: readonly string[]) {
    this.#tenantIds = new Set(tenantIds);
  }

  /** Names the audience of these tenants, in whatever order and however often they are given. Tenant ids hold no comma. */
  static keyOf(tenantIds: readonly string[]): string {
    return [...new Set(tenantIds)].sort().join();
  }

  get size(): number {
    return this.#subscribers.size;
  }

  add(begin: FeedNews, onFailure: (error: UserError) => void): Subscriber {
    const subscriber = new Subscriber(begin, onFailure);
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  delete(subscriber: Subscriber): boolean {
    return this.#subscribers.delete(subscriber);
  }

  tell({ feed, changes, position, time }: FeedNews): void {
    const news = {
      feed,
      changes: changes.filter((change) => this.#tenantIds.has(change.tenantId)),
      position,
      time,
    };
    for (const subscriber of this.#subscribers) subscriber.push(news);
  }

  fail(error: UserError): void {
    for (const subscriber of this.#subscribers) subscriber.fail(error);
    this.#subscribers.clear();
  }
}
