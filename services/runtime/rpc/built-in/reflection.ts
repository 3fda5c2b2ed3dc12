import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionResponseSchema,
  ServerReflectionV1Alpha,
  ServerReflectionV1AlphaResponseSchema,
} from '@rollcall/contract/reflection';
import type { Interceptor } from '../call.ts';
import type { PublicCallLimits } from '../ingress/public-call-limits.ts';
import { countRequests } from '../interceptors/with-limits.ts';
import { implementService, type Route } from '../route.ts';
import type { ReflectionIndex } from './reflection-index.ts';

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/**
 * Creates the routes of server reflection, v1 and v1alpha, by which tools such as grpcurl list, describe and
 * call methods without a proto file. Each request of a stream counts as a call, because its answer may take
 * hundreds of kilobytes.
 * @param services full names of the services to list, read for each request
 */
export function reflectionRoutes(
  index: ReflectionIndex,
  services: () => string[],
  { chain, publicCalls }: { chain: readonly Interceptor[]; publicCalls: PublicCallLimits },
): Route[] {
  const reply = answerer(index, services);
  return [
    ...implementService(
      ServerReflection,
      {
        serverReflectionInfo: (requests, call) =>
          answers(countRequests(requests, call, publicCalls), ServerReflectionResponseSchema, reply),
      },
      chain,
    ),
    // Both versions have the same fields with the same numbers.
    ...implementService(
      ServerReflectionV1Alpha,
      {
        serverReflectionInfo: (requests, call) =>
          answers(
            countRequests(requests as never, call, publicCalls),
            ServerReflectionV1AlphaResponseSchema,
            reply,
          ),
      },
      chain,
    ),
  ];
}

async function* answers<S extends DescMessage>(
  requests: AsyncIterable<ServerReflectionRequest>,
  schema: S,
  reply: (request: ServerReflectionRequest) => Answer,
): AsyncIterable<MessageShape<S>> {
  for await (const request of requests) {
    const { host, messageRequest } = request;
    const init = {
      validHost: host,
      originalRequest: { host, messageRequest },
      messageResponse: reply(request),
    };
    yield create(schema, init as unknown as MessageInitShape<S>);
  }
}

function answerer(
  index: ReflectionIndex,
  services: () => string[],
): (request: ServerReflectionRequest) => Answer {
  return ({ messageRequest: query }) => {
    switch (query.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services().map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return files(index.fileByName(query.value), query.value);
      case 'fileContainingSymbol':
        return files(index.fileBySymbol(query.value), query.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = query.value;
        return files(
          index.fileByExtension(containingType, extensionNumber),
          `${containingType} ${extensionNumber}`,
        );
      }
      case 'allExtensionNumbersOfType': {
        const numbers = index.extensionNumbers(query.value);
        if (!numbers) return notFound(query.value);
        return {
          case: 'allExtensionNumbersResponse',
          value: { baseTypeName: query.value, extensionNumber: numbers },
        };
      }
      default:
        return {
          case: 'errorResponse',
          value: {
            errorCode: Code.InvalidArgument,
            errorMessage: 'Nothing was asked.',
          },
        };
    }
  };
}

function files(found: Uint8Array[] | undefined, name: string): Answer {
  return found ? { case: 'fileDescriptorResponse', value: { fileDescriptorProto: found } } : notFound(name);
}

function notFound(name: string): Answer {
  return {
    case: 'errorResponse',
    value: {
      errorCode: Code.NotFound,
      errorMessage: `There is no "${name}" here.`,
    },
  };
}
