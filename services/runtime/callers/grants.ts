import type { DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';

/** What a caller may do. Whatever no grant covers is refused. */
export interface Grant {
  readonly caller: string;
  /** Tells the grants of a caller apart. */
  readonly name: string;
  /** Methods as `package.Service/Method`, or `package.Service/*`. */
  readonly methods: readonly string[];
  /** Views that may be asked for: `REFERENCE`. Of no weight for methods that answer none. */
  readonly views: readonly string[];
  /** Tenants, or `*` alone for all. */
  readonly tenants: readonly string[];
  readonly limits: GrantLimits;
}

/** How much of it at once. Counted in each process of the service by itself. */
export interface GrantLimits {
  /** Calls a second; 0: no limit. */
  readonly ratePerSecond: number;
  /** Calls that may come at once after a pause; at least 1 where there is a rate. */
  readonly burst: number;
  /** Calls at work at the same time, open streams included; 0: no limit. */
  readonly concurrency: number;
}

/** What a call asks for. */
export interface AccessRequest {
  /** `package.Service/Method` */
  readonly method: string;
  /** Every one must be granted. */
  readonly tenants: readonly string[];
  /** Undefined: the method answers nothing of a user. */
  readonly view: string | undefined;
}

/** Says what is granted. */
export interface Grants {
  /** A grant that covers all of what is asked; undefined: there is none. */
  find(caller: string, asked: AccessRequest): Grant | undefined;
  /** Calls back after what is granted has changed. Answers how to stop that. */
  onChange(listener: () => void): () => void;
}

/** A book of the grants given, for `find`. The first that fits is taken, in the order of their names. */
export function indexGrants(grants: readonly Grant[]): Grants['find'] {
  const byCaller = Map.groupBy(
    grants
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((grant) => ({ grant, covers: coverage(grant) })),
    ({ grant }) => grant.caller,
  );
  return (caller, asked) => byCaller.get(caller)?.find(({ covers }) => covers(asked))?.grant;
}

function coverage({ methods, views, tenants }: Grant): (asked: AccessRequest) => boolean {
  const [methodSet, viewSet, tenantSet] = [new Set(methods), new Set(views), new Set(tenants)];
  const everyTenant = tenantSet.has('*');
  return ({ method, tenants: asked, view }) =>
    (methodSet.has(method) || methodSet.has(`${method.slice(0, method.indexOf('/'))}/*`)) &&
    (view === undefined || viewSet.has(view)) &&
    (everyTenant || asked.every((tenant) => tenantSet.has(tenant)));
}

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
