import fc from 'fast-check';
import type { StoryEvent } from './stripe-story.ts';

/** Generates events in which one field of the event or its object is missing or has a wrong type. */
export function shapesOf(events: readonly StoryEvent[]): fc.Arbitrary<unknown> {
  return fc
    .record({
      event: fc.constantFrom(...events),
      field: fc.nat(),
      isInside: fc.boolean(),
      value: fc.oneof(ODD_VALUES, fc.jsonValue({ maxDepth: 3 })),
      name: fc.uuid(),
    })
    .map(({ event, field, isInside, value, name }) => {
      const { object } = event.data;
      const named = { ...event, id: `evt_${name}` };
      if (isInside) return { ...named, data: { object: withField(object, field, value) } };
      return withField(named, field, value);
    });
}

const ODD_VALUES = fc.constantFrom<unknown>(
  ...[undefined, null, '', '\u0000', '\ud800', 'x'.repeat(300), 0, -1, 0.5, 1e300, 9e15, 253_402_300_800],
  ...[true, [], [null], {}, { id: 7 }, { object: 'charge' }, { data: [{}] }, '9999-12-31T23:59:59.9999999Z'],
);

function withField(of: Readonly<Record<string, unknown>>, index: number, value: unknown): object {
  const names = Object.keys(of);
  return { ...of, [names[index % names.length] ?? 'id']: value };
}
