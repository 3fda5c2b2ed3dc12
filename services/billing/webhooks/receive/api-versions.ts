/**
 * The versions of Stripe's API whose events are read as they are: from the first whose charges, refunds and disputes name
 * their payment intent as now, to the one that the official package is pinned to. https://docs.stripe.com/changelog
 */
export const API_VERSIONS = { oldest: '2020-08-27', newest: '2026-10-28.endive' } as const;

/**
 * Whether events of a version are applied by themselves. Any other one is kept and shown as failed until somebody who has
 * looked at what changed replays it.
 * @param version `api_version` of an event: "2026-10-28.endive"
 */
export function isKnownVersion(version: string | null): boolean {
  if (version === null || !/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version)) return false;
  return dateOf(version) >= dateOf(API_VERSIONS.oldest) && dateOf(version) <= dateOf(API_VERSIONS.newest);
}

function dateOf(version: string): string {
  return version.slice(0, 'YYYY-MM-DD'.length);
}
