import type { Logger } from '@rollcall/runtime';
import type { Degradation, UserLookup } from '@rollcall/user-client';

/** Is shown every answer of the user client, and logs one line when an outage begins and one when it is over. */
export type OutageLog = (lookups: readonly UserLookup[]) => void;

/** An outage log that believes the user service to be there. */
export function createOutageLog(logger: Logger): OutageLog {
  let isAway = false;
  return (lookups) => {
    const degraded = lookups.map(degradationOf).find((each) => each !== undefined);
    if (degraded && !isAway) {
      isAway = true;
      const { reason, cause } = degraded;
      logger.warn({ reason, cause }, 'the user service cannot be asked: users are shown as last known');
    } else if (isAway && !degraded && lookups.some(isFromService)) {
      isAway = false;
      logger.info('the user service can be asked again');
    }
  };
}

function degradationOf(lookup: UserLookup): Degradation | undefined {
  return lookup.outcome === 'missing' ? undefined : lookup.degraded;
}

// An answer from memory says nothing about the service.
function isFromService(lookup: UserLookup): boolean {
  return lookup.outcome !== 'unavailable' && lookup.source === 'service';
}
