import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import { SERVICES } from './sizes.test-support.ts';

/** A field somewhere in the request of a method. */
export interface RequestField {
  /** `CreateUser user.profile.tags` */
  readonly name: string;
  readonly method: DescMethod;
  /** Fields that lead to it, itself the last. */
  readonly path: readonly DescField[];
}

/**
 * Every field of every request of every service, including health and reflection, but without fields inside
 * Google's messages.
 */
export function requestFields(): RequestField[] {
  return SERVICES.flatMap(({ methods }) => methods).flatMap((method) =>
    pathsOf(method.input).map((path) => ({
      method,
      path,
      name: `${method.name} ${path.map(({ name }) => name).join('.')}`,
    })),
  );
}

function pathsOf(message: DescMessage, around: readonly DescField[] = []): DescField[][] {
  return message.fields.flatMap((field) => {
    const path = [...around, field];
    const { message: inner } = field;
    const isLeaf =
      !inner || inner.typeName.startsWith('google.') || around.some((each) => each.message === inner);
    return isLeaf ? [path] : [path, ...pathsOf(inner, path)];
  });
}

/** Path of a field as errors name it: `user.profile.consents[0].purpose`. Entries of a map share one path. */
export function placeOf(path: readonly DescField[]): string {
  return path.map(({ name, fieldKind }) => (fieldKind === 'list' ? `${name}[0]` : name)).join('.');
}

/** A request as JSON in which this field has one value: an element of a list, a value of a map entry. */
export function jsonWithValue(path: readonly DescField[], value: unknown): object {
  return path.reduceRight<unknown>(
    (inner, { fieldKind, jsonName }) => ({
      [jsonName]: fieldKind === 'list' ? [inner] : fieldKind === 'map' ? { key: inner } : inner,
    }),
    value,
  ) as object;
}
