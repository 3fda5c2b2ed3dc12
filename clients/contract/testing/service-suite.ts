import { describe } from 'vitest';
import { describeBadInput } from './bad-input-suite.ts';
import { describeEtags } from './etag-suite.ts';
import { describeExternalIdsAndTags } from './external-ids-and-tags-suite.ts';
import { describeInheritedNames } from './inherited-names-suite.ts';
import { describeLifecycle } from './lifecycle-suite.ts';
import { describeListing } from './listing-suite.ts';
import { describeReads } from './read-suite.ts';
import { describeSearching } from './search-suite.ts';
import { readsOverService, type ServiceSubject } from './subject.ts';
import { describeTouchedViews } from './touched-views-suite.ts';
import { describeWatching } from './watch-suite.ts';
import { describeWrites } from './write-suite.ts';

/**
 * Tests UserService and UserAdminService of any implementation.
 * @param subject called in each test, so that `beforeAll` may create it
 */
export function describeUserService(name: string, subject: () => ServiceSubject): void {
  describe(name, () => {
    describeReads('it', () => ({ reads: readsOverService(subject()), admin: subject().admin }));
    describeWrites(subject);
    describeLifecycle(subject);
    describeExternalIdsAndTags(subject);
    describeListing(subject);
    describeSearching(subject);
    describeWatching(subject);
    describeTouchedViews(subject);
    describeBadInput(subject);
    describeInheritedNames(subject);
    describeEtags(subject);
  });
}
