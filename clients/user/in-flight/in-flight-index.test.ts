import { UserView } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { Batches } from './batcher.ts';
import { FlightBoard } from './in-flight-index.ts';
import type { Flight, Place } from './in-flight-read.ts';

const batches = new Batches<Flight>({}, () => {});
const place: Place = { gathering: { put: () => {} }, at: 0, next: undefined };

function flightOf(tenantId: string, id: string): Flight {
  const batch = batches.open({ tenantId, view: UserView.REFERENCE }, false);
  const read = { id, minVersion: 0n };
  const rest = {
    held: undefined,
    told: undefined,
    changes: undefined,
    survivor: undefined,
    beganAtMs: 0,
    first: place,
    last: place,
    next: undefined,
  };
  return { wanted: read, read, batch, isJoinable: true, isDiscarded: false, ...rest };
}

it('finds each flight of an id until it lands, and keeps nothing of those that have landed', () => {
  const board = new FlightBoard();
  const flights = ['acme', 'other', 'acme', 'third'].map((tenantId) => flightOf(tenantId, 'a'));
  for (const flight of flights) board.add(flight);
  expect(board.of('acme', 'a')).toHaveLength(2);
  for (const n of [1, 3, 0]) board.remove(flights[n] as Flight);
  expect([...board.all()]).toEqual([flights[2]]);
  board.remove(flights[2] as Flight);
  expect([...board.all()]).toEqual([]);
  expect(board.first('a')).toBeUndefined();
});
