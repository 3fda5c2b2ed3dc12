import { status } from '@grpc/grpc-js';

/** The name of a status code as gRPC's documents have it: 0 is "OK", 5 is "NOT_FOUND". */
export function statusName(code: number): string {
  return status[code] ?? `CODE_${code}`;
}
