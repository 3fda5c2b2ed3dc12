// The door of @rollcall/billing/testing: what Stripe says, for tests and benchmarks.
export { refundedAndDisputed, type StoryEvent, signatureOf, tellStory, WITHDRAWN } from './stripe-story.ts';
