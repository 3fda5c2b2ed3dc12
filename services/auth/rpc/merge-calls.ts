import { create, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import {
  AutoMergeDuplicatesResponseSchema,
  type DuplicateCandidate as CandidateMessage,
  DuplicateCandidateSchema,
  ListDuplicateCandidatesResponseSchema,
  MergeUsersResponseSchema,
  type MergePlan as PlanMessage,
  PreviewMergeUsersResponseSchema,
  DuplicateReason as ReasonMessage,
  UnmergeUsersResponseSchema,
  UserSchema,
} from '@rollcall/contract/user';
import { type Call, invalidField, pageTokens } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { type AutoMergeReport, autoMerge } from '../users/merging/auto-merge.ts';
import { DEFAULT_MIN_SCORE, type DuplicateCandidate, PASSES } from '../users/merging/duplicates.ts';
import { type DuplicatePosition, listDuplicates } from '../users/merging/list-duplicates.ts';
import { MERGE_PATHS } from '../users/merging/merge-fields.ts';
import { type MergePreview, mergeUsers, previewMerge, unmergeUsers } from '../users/merging/merge-users.ts';
import type { MergePlan } from '../users/merging/user-merges.ts';
import type { User } from '../users/user.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { limitBySize, pageLimit } from './page.ts';
import { writeRequest } from './request-fields.ts';
import { maxUserBytes } from './search-calls.ts';
import { toUserMessage } from './user-message.ts';

const DEFAULT_MAX_MERGES = 100;

// An automatic run begins no merge in the last part of its time. The servers end every call after 10 s.
const RESERVED_MS = 1500;
const RESERVED_RATIO = 0.3;
const MAX_RUN_MS = 10_000;

/**
 * Implements ListDuplicateCandidates, PreviewMergeUsers, MergeUsers, UnmergeUsers and AutoMergeDuplicates.
 */
export function mergeCalls({
  reads,
  merges,
  duplicates,
}: AdminDependencies): AdminCalls<
  'listDuplicateCandidates' | 'previewMergeUsers' | 'mergeUsers' | 'unmergeUsers' | 'autoMergeDuplicates'
> {
  return {
    async listDuplicateCandidates(request) {
      const { tenantId } = request;
      const minScore = request.minScore || DEFAULT_MIN_SCORE;
      // A position is valid among these passes only.
      const bound = ['ListDuplicateCandidates', tenantId, minScore, PASSES.length];
      const tokens = pageTokens(bound, isDuplicatePosition);
      const position = tokens.read(request.pageToken);
      const list = { tenantId, minScore, limit: pageLimit(request), position };
      const page = await listDuplicates({ reads, duplicates }, list);
      const candidates = limitBySize(page.candidates.map(toCandidateMessage), maxCandidateBytes);
      const isCut = candidates.length < page.candidates.length;
      const next = isCut ? page.positions[candidates.length - 1] : page.next;
      return create(ListDuplicateCandidatesResponseSchema, {
        candidates,
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async previewMergeUsers(request) {
      const plan = planFromMessage(request.plan as PlanMessage);
      const preview = await previewMerge(merges, request.tenantId, plan);
      return create(PreviewMergeUsersResponseSchema, {
        user: toUserMessage(preview.result),
        fields: fieldsOf(preview),
      });
    },
    async mergeUsers(request) {
      const { tenantId, survivorEtag, loserEtag } = request;
      const command = {
        tenantId,
        plan: planFromMessage(request.plan as PlanMessage),
        survivorEtag,
        loserEtag,
      };
      const write = writeRequest('MergeUsers', request, command);
      const { mergeId, survivor } = await mergeUsers(merges, { ...command, mergeId: uuidv7(), ...write });
      return create(MergeUsersResponseSchema, { user: toUserMessage(survivor), mergeId });
    },
    async unmergeUsers(request) {
      const command = { tenantId: request.tenantId, mergeId: request.mergeId.toLowerCase() };
      const write = writeRequest('UnmergeUsers', request, command);
      const { survivor, restored } = await unmergeUsers(merges, { ...command, ...write });
      return create(UnmergeUsersResponseSchema, {
        survivor: toUserMessage(survivor),
        restored: toUserMessage(restored),
      });
    },
    async autoMergeDuplicates(request, call) {
      const { tenantId, minScore } = request;
      const command = {
        tenantId,
        minScore,
        isDryRun: request.dryRun,
        maxMerges: request.maxMerges || DEFAULT_MAX_MERGES,
      };
      const report = await autoMerge(
        { reads, merges, duplicates },
        {
          ...command,
          ...writeRequest('AutoMergeDuplicates', request, command),
          runId: uuidv7(),
          newMergeId: () => uuidv7(),
          canContinue: budgetOf(call),
        },
      );
      return create(AutoMergeDuplicatesResponseSchema, {
        merges: report.map(({ candidate, ...each }) => ({ ...each, candidate: toBriefMessage(candidate) })),
      });
    },
  };
}

// No pair is merged that the answer has no room to report.
function budgetOf(call: Call): (report: readonly AutoMergeReport[]) => boolean {
  const leftMs = Math.min(call.timeoutMs() ?? MAX_RUN_MS, MAX_RUN_MS);
  const endMs = performance.now() + leftMs - Math.min(RESERVED_MS, leftMs * RESERVED_RATIO);
  return (report) => {
    const bytes = report.reduce(
      (sum, { candidate }) => sum + maxCandidateBytes(toBriefMessage(candidate)),
      0,
    );
    return performance.now() < endMs && !call.signal.aborted && bytes < MAX_REPORT_BYTES;
  };
}

// Half of the size of a message, because the last pair may be large.
const MAX_REPORT_BYTES = 2_000_000;

function planFromMessage({ survivorId, loserId, takeFromLoser }: PlanMessage): MergePlan {
  const paths = takeFromLoser?.paths ?? [];
  const unknown = paths.filter((path) => path !== 'profile' && !MERGE_PATHS.includes(path));
  if (unknown.length > 0) {
    const named = unknown.slice(0, 5).join(', ').slice(0, 200);
    throw invalidField(
      'plan.take_from_loser',
      `cannot take ${named}; can take profile, ${MERGE_PATHS.join(', ')}`,
    );
  }
  return {
    survivorId: survivorId.toLowerCase(),
    loserId: loserId.toLowerCase(),
    takeFromLoser: [...new Set(paths)].sort(),
  };
}

function fieldsOf({ survivor, loser, result }: MergePreview) {
  const values = [survivor, loser, result].map(valuesByPath);
  return MERGE_PATHS.flatMap((path) => {
    const [mine, theirs, resulting] = values.map((each) => JSON.stringify(each(path) ?? null)) as [
      string,
      string,
      string,
    ];
    if (mine === theirs) return [];
    return [{ path, survivorValue: mine, loserValue: theirs, resultValue: resulting }];
  });
}

// As given, because the shown name is computed.
function valuesByPath(user: User): (path: string) => JsonValue | undefined {
  const message = { ...toUserMessage(user), displayName: user.displayName };
  const json = toJson(UserSchema, message, { useProtoFieldName: true }) as JsonObject;
  return (path) => {
    const [field = '', part] = path.split('.');
    const value = json[field];
    return part === undefined ? value : (value as JsonObject | undefined)?.[part];
  };
}

function toCandidateMessage({ first, second, score, reasons }: DuplicateCandidate): CandidateMessage {
  return create(DuplicateCandidateSchema, {
    first: toUserMessage(first),
    second: toUserMessage(second),
    score,
    reasons: reasons.map((reason) => ReasonMessage[reason]),
  });
}

// A report covers many users, so it shows only their references.
function toBriefMessage(candidate: DuplicateCandidate): CandidateMessage {
  const brief = ({ contact: _, profile: __, tags: ___, statistics: ____, ...reference }: User) => reference;
  return toCandidateMessage({ ...candidate, first: brief(candidate.first), second: brief(candidate.second) });
}

function maxCandidateBytes({ first, second }: CandidateMessage): number {
  return [first, second].reduce((sum, user) => sum + (user ? maxUserBytes(user) : 0), 0);
}

function isDuplicatePosition(value: unknown): value is DuplicatePosition {
  const { pass, after, within } = (value ?? {}) as Partial<DuplicatePosition>;
  if (!Number.isInteger(pass) || Number(pass) < 0 || Number(pass) >= PASSES.length) return false;
  const isHex = PASSES[Number(pass)]?.by !== 'birthDate';
  const isKey = (key: unknown) =>
    typeof key === 'string' && (isHex ? /^([0-9a-f]{2}){0,64}$/ : /^[0-9-]{0,10}$/).test(key);
  return isKey(after) && (within === undefined || (isKey(within.key) && typeof within.pair === 'string'));
}
