import type { DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';

/** What a method touches, read from its request: what has to be granted for it, and what the audit log tells of it. */
export interface MethodAccess<Request extends Message = Message, Answer extends Message = Message> {
  /** The tenants that it is about. */
  readonly tenants: (request: Request) => readonly string[];
  /** How much of a user it answers; undefined: nothing. */
  readonly view: (request: Request) => string | undefined;
  /** Whether it stands in the audit log: it answers contact data, finds by contact data, or writes. */
  readonly isAudited: (request: Request) => boolean;
  /** The users that it names. */
  readonly ids: (request: Request) => readonly string[];
  /** What the caller says that it is for, where the method asks; told of calls that succeeded, whose fields were validated. */
  readonly why?: (request: Request) => string;
  /** The users that its answer holds, where the request does not name them. */
  readonly answeredIds?: (answer: Answer) => readonly string[];
}

/** Every method of a service. One that the service gains does not compile until it stands here. */
export type AccessTable<Service extends DescService> = {
  readonly [Name in keyof Service['method']]: MethodAccess<
    MessageShape<Service['method'][Name]['input']>,
    MessageShape<Service['method'][Name]['output']>
  >;
};

/** What a method touches; undefined: nobody has said, and so nobody may call it. */
export type AccessOf = (method: DescMethod) => MethodAccess | undefined;

/** Looks methods up in tables, by their service. */
export function accessFrom(
  tables: readonly (readonly [DescService, Readonly<Record<string, unknown>>])[],
): AccessOf {
  const byService = new Map(tables.map(([service, table]) => [service.typeName, table]));
  return (method) => byService.get(method.parent.typeName)?.[method.localName] as MethodAccess | undefined;
}
