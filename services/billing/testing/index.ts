// Public API of @rollcall/billing/testing: Stripe events for tests and benchmarks.
export { refundedAndDisputed, type StoryEvent, signatureOf, storyEvents, WITHDRAWN } from './stripe-story.ts';
