import { create, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import type { FieldMask } from '@bufbuild/protobuf/wkt';

/** Fields that identify the resource. They count whatever the mask names. */
const IDENTITY = ['id', 'etag'];

type Fields = Record<string, unknown>;

/**
 * Creates a function that removes the fields of an update that its `update_mask` does not name, in place.
 * They may hold values that only an older rule allowed, because callers send back the whole resource.
 * Undefined: the request has no mask.
 */
export function unmaskedRemoval(request: DescMessage): ((request: Message) => void) | undefined {
  const messages = request.fields.filter((field) => field.fieldKind === 'message');
  const mask = messages.find(({ message }) => message.typeName === 'google.protobuf.FieldMask');
  const [resource, ...others] = messages.filter((field) => field !== mask);
  if (!mask || !resource || others.length > 0) return undefined;
  return (message) => {
    const fields = message as unknown as Fields;
    const given = fields[resource.localName] as Message | undefined;
    const paths = (fields[mask.localName] as FieldMask | undefined)?.paths ?? [];
    if (given) fields[resource.localName] = pick(resource.message, given, [...IDENTITY, ...paths]);
  };
}

function pick(schema: DescMessage, from: Message, paths: readonly string[]): Message {
  const to = create(schema);
  for (const field of schema.fields) {
    if (paths.includes(field.name)) copy(field, from, to);
    else pickWithin(field, { from, to, paths });
  }
  return to;
}

function pickWithin(field: DescField, { from, to, paths }: Picking): void {
  const prefix = `${field.name}.`;
  const within = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const given = (from as unknown as Fields)[field.localName];
  if (within.length === 0 || field.fieldKind !== 'message' || given === undefined) return;
  (to as unknown as Fields)[field.localName] = pick(field.message, given as Message, within);
}

interface Picking {
  readonly from: Message;
  readonly to: Message;
  readonly paths: readonly string[];
}

function copy({ localName, oneof }: DescField, from: Message, to: Message): void {
  const place = oneof?.localName ?? localName;
  const given = (from as unknown as Fields)[place];
  const isGiven = oneof ? (given as { case?: string }).case === localName : given !== undefined;
  if (isGiven) (to as unknown as Fields)[place] = given;
}
