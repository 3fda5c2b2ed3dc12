import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { UserEvent } from '../user-event.ts';

/** Has a user told of something, exactly when the transaction of `run` commits. */
export type TellUser = (run: RunPrepared, tenantId: string, event: UserEvent) => Promise<void>;
