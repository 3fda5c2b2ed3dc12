import type { DescMethod } from '@bufbuild/protobuf';
import { Health } from '@rollcall/contract/health';
import { ServerReflection, ServerReflectionV1Alpha } from '@rollcall/contract/reflection';

const OPEN: ReadonlySet<string> = new Set(
  [Health, ServerReflection, ServerReflectionV1Alpha].map(({ typeName }) => typeName),
);

/** Whether everybody may call a method, known or not: health and reflection, which tell nothing of a user. */
export function isOpen(method: DescMethod): boolean {
  return OPEN.has(method.parent.typeName);
}
