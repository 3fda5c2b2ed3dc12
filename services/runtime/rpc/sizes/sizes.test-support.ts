import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  type Message,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { readDescriptorImage } from '@rollcall/contract';
import { maxBytes } from '@rollcall/contract/rules';
import { type FieldSizes, type MessageSizes, messageSizes } from './message-sizes.ts';

/** Every service of the contract, including health and reflection. */
export const SERVICES: readonly DescService[] = [...createFileRegistry(readDescriptorImage())].filter(
  (each) => each.kind === 'service',
);

/** Every method of our own services that has one request. */
export const METHODS: readonly DescMethod[] = SERVICES.filter(({ typeName }) =>
  typeName.startsWith('rollcall.'),
).flatMap(({ methods }) => methods);

/** A list or map in a request, and the fields that lead to it. */
interface Repeated {
  /** `CreateUser user.profile.tags` */
  readonly name: string;
  readonly method: DescMethod;
  readonly path: readonly DescField[];
  readonly sizes: FieldSizes;
  /** Whether a field around it limits the bytes of everything in it. */
  readonly isWithinBound: boolean;
}

/** Every list and map in our requests. */
export function repeatedFields(): Repeated[] {
  return METHODS.flatMap((method) => {
    const root = messageSizes(method.input);
    return within(method.input, root, []).map((found) => ({
      ...found,
      method,
      name: `${method.name} ${found.path.map(({ name }) => name).join('.')}`,
      isWithinBound: found.path.some((field) => getOption(field, maxBytes) > 0),
    }));
  });
}

type Found = Pick<Repeated, 'path' | 'sizes'>;

function within(message: DescMessage, sizes: MessageSizes, path: readonly DescField[]): Found[] {
  return message.fields.flatMap((field) => {
    const ours = sizes.byNumber.get(field.number);
    if (!ours) return [];
    const here = [...path, field];
    const inner = field.message && ours.value.message ? within(field.message, ours.value.message, here) : [];
    return ours.kind === 'single' ? inner : [{ path: here, sizes: ours }, ...inner];
  });
}

/** A request with `count` elements in this list or map, each with the given text or empty. */
export function requestWith({ method, path }: Repeated, count: number, text = ''): Message {
  return fill(method.input, path, { count, text });
}

function fill(
  message: DescMessage,
  [field, ...rest]: readonly DescField[],
  what: { count: number; text: string },
): Message {
  const made = reflect(message, create(message));
  const isLast = rest.length === 0;
  const count = isLast ? what.count : 1;
  const value = () =>
    field?.message ? reflectOf(field.message, isLast ? [] : rest, what) : plain(field, what.text);
  if (field?.fieldKind === 'list') {
    const list = made.get(field);
    for (let i = 0; i < count; i++) list.add(value() as never);
  } else if (field?.fieldKind === 'map') {
    const map = made.get(field);
    for (let i = 0; i < count; i++) map.set(String(i) as never, value() as never);
  } else if (field) made.set(field, value() as never);
  return made.message;
}

function reflectOf(message: DescMessage, rest: readonly DescField[], what: { count: number; text: string }) {
  return reflect(message, rest.length > 0 ? fill(message, rest, what) : create(message));
}

function plain(field: DescField | undefined, text: string): unknown {
  if (field?.enum) return 1;
  return field?.scalar === 9 ? text : field?.scalar === 3 ? 1n : 1;
}

/** A tag, a length and content, as on the wire. */
export function delimited(field: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(8 * field + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Repeats bytes. */
export function times(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array<Buffer>(count).fill(bytes));
}

/** A request in binary form with that many elements, each as short as possible. */
export function binaryWith({ path }: Pick<Repeated, 'path'>, count: number): Buffer {
  const [last, ...around] = path.toReversed();
  if (!last) return Buffer.alloc(0);
  const isPacked = last.fieldKind === 'list' && last.listKind === 'enum';
  const content = isPacked
    ? delimited(last.number, Buffer.alloc(count, 99))
    : times(count, delimited(last.number, ''));
  return around.reduce((inner, field) => delimited(field.number, inner), content);
}

/** A request as JSON with that many elements, each as short as possible. */
export function jsonWith({ path }: Pick<Repeated, 'path'>, count: number): Buffer {
  const [last, ...around] = path.toReversed();
  if (!last) return Buffer.from('{}');
  const element = last.message ? {} : last.enum ? 99 : '';
  const content =
    last.fieldKind === 'map'
      ? Object.fromEntries(Array.from({ length: count }, (_, i) => [i, element === '' ? 'x' : element]))
      : Array(count).fill(element);
  const within = around.reduce<object>(
    (inner, field) => ({ [field.name]: field.fieldKind === 'list' ? [inner] : inner }),
    { [last.name]: content },
  );
  return Buffer.from(JSON.stringify(within));
}
