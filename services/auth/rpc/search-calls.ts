import { create } from '@bufbuild/protobuf';
import { isSearchable, TOO_SHORT } from '@rollcall/contract/text';
import {
  ListUsersResponseSchema,
  type SearchUsersRequest,
  SearchUsersResponseSchema,
} from '@rollcall/contract/user';
import { invalidField, type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import { type SearchPosition, searchUsers } from '../users/searching/search-users.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { listFromRequest, mostUserBytes, tokensFor } from './list-users.ts';
import { isSearchPosition } from './search-position.ts';
import { pageLimit, takeFitting } from './take-fitting.ts';
import { filterFromMessage, filterTie } from './user-filter.ts';
import { toUserMessage, viewFromMessage } from './user-message.ts';

/** Finding users: ListUsers, SearchUsers. */
export function searchCalls({ reads, search }: AdminParts): AdminCalls<'listUsers' | 'searchUsers'> {
  return {
    async listUsers(request) {
      const tokens = tokensFor(request);
      const list = listFromRequest(request, tokens);
      const page = await reads.list(list);
      const users = takeFitting(
        page.listed.map(({ user }) => toUserMessage(user)),
        mostUserBytes,
      );
      // A page that one answer cannot hold is cut, and goes on behind its last user.
      const next = users.length < page.listed.length ? page.listed[users.length - 1]?.position : page.next;
      return create(ListUsersResponseSchema, { users, nextPageToken: next ? tokens.write(next) : '' });
    },
    async searchUsers(request) {
      if (!isSearchable(request.query)) throw invalidField('query', TOO_SHORT);
      const tokens = searchTokens(request);
      const position = tokens.read(request.pageToken);
      const page = await searchUsers(search, {
        query: request.query,
        filter: filterFromMessage(request.tenantId, request.filter),
        view: viewFromMessage(request.view),
        limit: pageLimit(request),
        ...(position && { position }),
      });
      const users = takeFitting(
        page.found.map(({ user }) => toUserMessage(user)),
        mostUserBytes,
      );
      const matches = users.map((user, i) => {
        const { points = 0, matchedFields = [] } = page.found[i] ?? {};
        return { user, score: points / 1_000_000, matchedFields: [...matchedFields] };
      });
      const next = users.length < page.found.length ? page.found[users.length - 1]?.position : page.next;
      return create(SearchUsersResponseSchema, { matches, nextPageToken: next ? tokens.write(next) : '' });
    },
  };
}

function searchTokens({ tenantId, query, view, filter }: SearchUsersRequest): PageTokens<SearchPosition> {
  return pageTokens(['SearchUsers', tenantId, query, view, ...filterTie(filter)], isSearchPosition);
}
