import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Erasure as ErasureMessage,
  ErasureSchema,
  GetErasureResponseSchema,
  ListErasuresResponseSchema,
  ReportErasureResponseSchema,
} from '@rollcall/contract/user';
import { isTimePosition, pageByPosition, requireStorable } from '@rollcall/runtime/rpc';
import {
  awaitedConsumers,
  type Erasure,
  type ErasureName,
  type ErasurePosition,
  type Erasures,
} from '../erasures/erasures.ts';
import { UserError } from '../users/user-error.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { requireTimestamp } from './request-fields.ts';

/** Implements GetErasure, ListErasures and ReportErasure. */
export function erasureCalls({
  erasures,
  erasureConsumers: consumers,
  logger,
}: AdminDependencies): AdminCalls<'getErasure' | 'listErasures' | 'reportErasure'> {
  return {
    async getErasure(request) {
      const erasure = await requireErasure(erasures, nameOf(request));
      return create(GetErasureResponseSchema, { erasure: toErasureMessage(erasure, consumers) });
    },
    async listErasures(request) {
      const { tenantId, awaitedFrom } = request;
      const before = request.erasedBefore && requireTimestamp('erased_before', request.erasedBefore);
      const asked = ['ListErasures', awaitedFrom, before?.getTime() ?? 0];
      const { page, tokens } = pageByPosition(request, asked, isErasurePosition);
      const found = await erasures.list({
        tenantId: tenantId || undefined,
        awaitedFrom: awaitedFrom || undefined,
        erasedBefore: before,
        after: page.after,
        limit: page.limit + 1,
      });
      const shown = found.slice(0, page.limit);
      const last = found.length > shown.length ? shown.at(-1) : undefined;
      return create(ListErasuresResponseSchema, {
        erasures: shown.map((each) => toErasureMessage(each, consumers)),
        nextPageToken: last ? tokens.write(positionOf(last)) : '',
      });
    },
    async reportErasure(request) {
      const { consumer, remaining } = request;
      requireStorable('remaining', remaining);
      const name = nameOf(request);
      if (!(await erasures.report(name, { consumer, remaining }))) throw erasureNotFound(name);
      const erasure = await requireErasure(erasures, name);
      logger.info({ ...name, consumer, remaining }, 'a service reported an erasure');
      return create(ReportErasureResponseSchema, { erasure: toErasureMessage(erasure, consumers) });
    },
  };
}

async function requireErasure(erasures: Erasures, name: ErasureName): Promise<Erasure> {
  const erasure = await erasures.find(name);
  if (!erasure) throw erasureNotFound(name);
  return erasure;
}

function erasureNotFound({ tenantId, id }: ErasureName): UserError {
  const message = `Tenant ${tenantId} has no erased user ${id}.`;
  return new UserError('ERASURE_NOT_FOUND', message, { tenant_id: tenantId, id });
}

function nameOf({ tenantId, id }: ErasureName): ErasureName {
  return { tenantId, id: id.toLowerCase() };
}

function positionOf({ tenantId, id, eraseTime }: Erasure): ErasurePosition {
  return { tenantId, id, timeMs: eraseTime.getTime() };
}

function isErasurePosition(value: unknown): value is ErasurePosition {
  const { tenantId } = (value ?? {}) as Partial<ErasurePosition>;
  return isTimePosition(value) && typeof tenantId === 'string' && /^[a-z0-9-]{1,63}$/.test(tenantId);
}

function toErasureMessage(erasure: Erasure, consumers: readonly string[]): ErasureMessage {
  const { tenantId, id, eraseTime, reports } = erasure;
  return create(ErasureSchema, {
    tenantId,
    id,
    eraseTime: timestampFromDate(eraseTime),
    reports: reports.map(({ consumer, reportTime, remaining }) => ({
      consumer,
      remaining,
      reportTime: timestampFromDate(reportTime),
    })),
    awaitedConsumers: awaitedConsumers(erasure, consumers),
  });
}
