// Public API of @rollcall/contract/testing: test suites for every implementation of the user service.

export { describeDuplicates } from './duplicates-suite.ts';
export { contractServices, etagFields } from './etag-suite.ts';
export { expectRefusal, type Refusal } from './expect-refusal.ts';
export { describeMerges } from './merge-suite.ts';
export { describeReads, type ReadSuiteSubject } from './read-suite.ts';
export { describeRecords } from './records-suite.ts';
export { freshTenant, seedUser } from './seed.ts';
export { describeUserService } from './service-suite.ts';
export {
  type ReadOutcome,
  type ReadRequest,
  type ReadSubject,
  readsOverService,
  type ServiceSubject,
} from './subject.ts';
