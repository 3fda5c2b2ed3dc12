import { toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
} from '@bufbuild/protobuf/wkt';

/**
 * Answers queries of server reflection from a descriptor image. Names are full names without a leading dot.
 */
export interface ReflectionIndex {
  /** The serialised file of this name and all files that it imports. Undefined when it does not exist. */
  fileByName(name: string): Uint8Array[] | undefined;
  /** The file that defines a service, method, message, field, enum, value or extension, with its imports. */
  fileBySymbol(symbol: string): Uint8Array[] | undefined;
  /** The file that defines an extension of a message, with its imports. */
  fileByExtension(type: string, number: number): Uint8Array[] | undefined;
  /** Numbers of all extensions of a message. Undefined when the message does not exist. */
  extensionNumbers(type: string): number[] | undefined;
}

/** Indexes an image. */
export function createReflectionIndex(image: FileDescriptorSet): ReflectionIndex {
  const files = new Map(image.file.map((file) => [file.name, file]));
  const symbols = new Map(
    image.file.flatMap((file) => symbolsOf(file).map((symbol) => [symbol, file] as const)),
  );
  const extensions = new Map(
    image.file.flatMap((file) => extensionsOf(file).map((e) => [extensionKey(e), file] as const)),
  );
  const numbers = Map.groupBy(image.file.flatMap(extensionsOf), (extension) => extension.extendee.slice(1));
  // Clients ask for the same few files again and again.
  const encoded = new Map<FileDescriptorProto, Uint8Array>();
  const encode = (file: FileDescriptorProto) => {
    const bytes = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file);
    encoded.set(file, bytes);
    return bytes;
  };
  const withImports = (file: FileDescriptorProto | undefined) => file && closure(file, files).map(encode);
  return {
    fileByName: (name) => withImports(files.get(name)),
    fileBySymbol: (symbol) => withImports(symbols.get(symbol)),
    fileByExtension: (type, number) => withImports(extensions.get(`${type}#${number}`)),
    extensionNumbers: (type) =>
      symbols.has(type) ? (numbers.get(type) ?? []).map((extension) => extension.number) : undefined,
  };
}

function closure(file: FileDescriptorProto, files: Map<string, FileDescriptorProto>): FileDescriptorProto[] {
  const found = new Set<FileDescriptorProto>([file]);
  // A set is iterated in order of insertion and includes elements that are added meanwhile.
  for (const each of found)
    for (const name of each.dependency) found.add(files.get(name) as FileDescriptorProto);
  return [...found];
}

function symbolsOf(file: FileDescriptorProto): string[] {
  const at = (name: string) => (file.package ? `${file.package}.${name}` : name);
  return [
    ...file.messageType.flatMap((message) => messageSymbols(message, at(message.name))),
    ...file.enumType.flatMap((each) => [at(each.name), ...each.value.map((value) => at(value.name))]),
    ...file.extension.map((extension) => at(extension.name)),
    ...file.service.flatMap((each) => [
      at(each.name),
      ...each.method.map(({ name }) => `${at(each.name)}.${name}`),
    ]),
  ];
}

function messageSymbols(message: DescriptorProto, name: string): string[] {
  return [
    name,
    ...[...message.field, ...message.oneofDecl, ...message.extension].map(
      (member) => `${name}.${member.name}`,
    ),
    ...message.enumType.flatMap((each) => [each, ...each.value].map((member) => `${name}.${member.name}`)),
    ...message.nestedType.flatMap((nested) => messageSymbols(nested, `${name}.${nested.name}`)),
  ];
}

function extensionsOf(file: FileDescriptorProto): FieldDescriptorProto[] {
  const nested = (message: DescriptorProto): FieldDescriptorProto[] => [
    ...message.extension,
    ...message.nestedType.flatMap(nested),
  ];
  return [...file.extension, ...file.messageType.flatMap(nested)];
}

function extensionKey(extension: FieldDescriptorProto): string {
  return `${extension.extendee.slice(1)}#${extension.number}`;
}
