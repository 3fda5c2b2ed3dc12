import { createFileRegistry, type DescMessage, type DescService } from '@bufbuild/protobuf';
import { readDescriptorImage } from '../descriptor-image.ts';

/**
 * Every field of a service's requests whose name ends in `etag`, also inside messages that a request holds:
 * `UpdateUser user.etag`.
 */
export function etagFields(service: DescService): string[] {
  return service.methods.flatMap(({ name, input }) => pathsOf(input, []).map((path) => `${name} ${path}`));
}

/** Every service of the contract that is ours. */
export function contractServices(): DescService[] {
  const files = createFileRegistry(readDescriptorImage()).files;
  return [...files]
    .filter(({ proto }) => proto.package.startsWith('rollcall.'))
    .flatMap(({ services }) => services);
}

// Users that a service attaches to its answers; in a request they say nothing.
const ANSWERED = new Set(['rollcall.user.v1.AttachedUser', 'rollcall.booking.v1.BookingUser']);

function pathsOf(message: DescMessage, within: readonly DescMessage[]): string[] {
  if (within.includes(message) || ANSWERED.has(message.typeName)) return [];
  return message.fields.flatMap((field) => {
    if (field.name.endsWith('etag')) return [field.name];
    const paths = field.message ? pathsOf(field.message, [...within, message]) : [];
    return paths.map((path) => `${field.name}.${path}`);
  });
}
