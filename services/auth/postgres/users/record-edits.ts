import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Note } from '../../users/records/user-records.ts';
import { UserError } from '../../users/user-error.ts';
import type { RecordEdits } from '../../users/user-writes.ts';

// Answers whose it is, whether it was there or not, and holds it until the end.
const LINK = {
  name: 'external_id_link',
  text: `insert into user_external_ids (tenant_id, user_id, source, external_id) values ($1, $2, $3, $4)
    on conflict (tenant_id, source, external_id) do update set source = excluded.source returning user_id`,
};

const UNLINK = {
  name: 'external_id_unlink',
  text: 'delete from user_external_ids where tenant_id = $1 and user_id = $2 and source = $3 and external_id = $4',
};

const ADD_NOTE = {
  name: 'note_add',
  text: `insert into user_notes (tenant_id, user_id, id, text, author, create_time) values ($1, $2, $3, $4, $5, $6)`,
};

const FIND_NOTE = {
  name: 'note_find',
  text: `select id, text, author, create_time as "createTime" from user_notes
    where tenant_id = $1 and user_id = $2 and id = $3`,
};

const REMOVE_NOTE = {
  name: 'note_remove',
  text: 'delete from user_notes where tenant_id = $1 and user_id = $2 and id = $3',
};

const ADD_ACTIVITY = {
  name: 'activity_add',
  text: `insert into user_activities (tenant_id, user_id, id, kind, source, time, summary, attributes)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

/** External ids, notes and activities of users that are locked. */
export function recordEdits(run: RunPrepared): RecordEdits {
  return {
    async link({ tenantId, id }, { source, externalId }) {
      const [kept] = await run<{ user_id: string }>(LINK, [tenantId, id, source, externalId]);
      if (kept?.user_id === id) return;
      const message = `Another user of tenant ${tenantId} has this name in ${source}.`;
      throw new UserError('EXTERNAL_ID_TAKEN', message, { tenant_id: tenantId, source });
    },
    async unlink({ tenantId, id }, { source, externalId }) {
      await run(UNLINK, [tenantId, id, source, externalId]);
    },
    async addNote({ tenantId, id }, note) {
      await run(ADD_NOTE, [tenantId, id, note.id, note.text, note.author, note.createTime]);
    },
    async findNote({ tenantId, id }, noteId) {
      const [note] = await run<{ [K in keyof Note]: Note[K] }>(FIND_NOTE, [tenantId, id, noteId]);
      return note;
    },
    async removeNote({ tenantId, id }, noteId) {
      await run(REMOVE_NOTE, [tenantId, id, noteId]);
    },
    async addActivity({ tenantId, id }, activityId, activity) {
      const { kind, source, time, summary, attributes } = activity;
      const kept = attributes === undefined ? null : JSON.stringify(attributes);
      await run(ADD_ACTIVITY, [tenantId, id, activityId, kind, source, time, summary, kept]);
    },
  };
}
