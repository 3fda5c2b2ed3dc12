import { type Pool, runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import { v7 as uuidv7 } from 'uuid';
import type { Drift, Fields, LedgerObject } from '../reconcile/drift.ts';
import type { FoundDrift, OpenRun, ReconcileStore } from '../reconcile/reconcile-ports.ts';
import * as statements from './reconcile-statements.ts';

/** Stores reconciliation runs and their differences by prepared statements. */
export function createPostgresReconcileStore(pool: Pool): ReconcileStore {
  return {
    async open({ since, until, repair }) {
      const values = [uuidv7(), since, until ?? new Date(), until !== undefined, repair];
      const [row] = await runPrepared<RunRow>(pool, statements.OPEN, values);
      if (!row) throw new Error('The run was not written down');
      return toRun(row);
    },
    save: (runId, { seen, drifts, next }) =>
      transactPrepared(pool, async (run) => {
        await run(statements.SEE, [runId, seen]);
        if (drifts.length > 0) await run(statements.FIND, [runId, JSON.stringify(drifts)]);
        await run(statements.MOVE, [runId, next.step, next.after, seen.length]);
      }),
    async recordDrifts(runId, drifts) {
      if (drifts.length > 0) await runPrepared(pool, statements.FIND, [runId, JSON.stringify(drifts)]);
    },
    async complete(runId) {
      await transactPrepared(pool, async (run) => {
        await run(statements.COMPLETE, [runId]);
        await run(statements.FORGET_SEEN, [runId]);
      });
    },
    async report(runId) {
      const [row] = await runPrepared<RunRow & { objects: string }>(pool, statements.RUN, [runId]);
      if (!row) throw new Error(`Run ${runId} is gone`);
      const drifts = await runPrepared<DriftRow>(pool, statements.DRIFTS, [runId]);
      return {
        since: row.since_time,
        until: row.until_time,
        objects: Number(row.objects),
        drifts: drifts satisfies FoundDrift[],
      };
    },
    async findStored(kind, ids) {
      const objects = await runPrepared<HereRow>(pool, statements.OBJECTS, [kind, ids]);
      const statement = statements.ROWS[kind];
      const rows = statement ? await runPrepared<HereRow>(pool, statement, [ids]) : [];
      return joined(objects, rows);
    },
    async findPending(ids) {
      const rows = await runPrepared<{ object_id: string }>(pool, statements.WAITING, [ids]);
      return new Set(rows.map((row) => row.object_id));
    },
    async listUnlisted({ id, since, until }, { kind, after, limit }) {
      const values = [id, kind, since, until, after ?? '', limit];
      const rows = await runPrepared<{ id: string }>(pool, statements.UNSEEN, values);
      return rows.map((row) => row.id);
    },
  };
}

interface RunRow {
  id: string;
  since_time: Date;
  until_time: Date;
  position: number;
  after_id: string | null;
  is_resumed: boolean;
}

interface DriftRow extends Drift {
  repaired: boolean;
  note: string;
}

interface HereRow {
  id: string;
  fields: Fields;
}

function toRun(row: RunRow): OpenRun {
  return {
    id: row.id,
    since: row.since_time,
    until: row.until_time,
    position: { step: row.position, after: row.after_id },
    isResumed: row.is_resumed,
  };
}

function joined(objects: readonly HereRow[], rows: readonly HereRow[]): Map<string, LedgerObject> {
  const rowOf = new Map(rows.map(({ id, fields }) => [id, fields]));
  const here = new Map<string, LedgerObject>(
    rows.map(({ id, fields }) => [id, { fields: null, row: fields }]),
  );
  for (const { id, fields } of objects) here.set(id, { fields, row: rowOf.get(id) ?? null });
  return here;
}
