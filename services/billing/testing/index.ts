// The door of @rollcall/billing/testing: what Stripe says, for tests and benchmarks.
export { refundedAndDisputed, type StoryEvent, signatureOf, storyEvents, WITHDRAWN } from './stripe-story.ts';
