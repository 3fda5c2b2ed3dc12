import type { ExternalId } from '@rollcall/contract/user';
import { Belongings, type Owner } from './related-records.ts';

/** Names of users in other systems. */
export class ExternalIds extends Belongings<ExternalId> {
  holder(tenantId: string, externalId: ExternalId): string | undefined {
    return this.ownerOf(tenantId, externalKeyOf(externalId));
  }

  link(owner: Owner, externalId: ExternalId): void {
    this.put(owner, externalKeyOf(externalId), externalId);
  }

  /** Where the user has it. */
  unlink(owner: Owner, externalId: ExternalId): void {
    this.remove(owner, externalKeyOf(externalId));
  }

  /** All of a user, in order. */
  override of(owner: Owner): ExternalId[] {
    return super.of(owner).sort((one, other) => (externalKeyOf(one) < externalKeyOf(other) ? -1 : 1));
  }
}

/** A name in another system as one text. No source holds a space, which sorts before all that it may hold. */
export function externalKeyOf({ source, externalId }: ExternalId): string {
  return `${source} ${externalId}`;
}
