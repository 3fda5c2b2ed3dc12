import type { DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';

/** Permission of a caller. A call that no grant covers is refused. */
export interface Grant {
  readonly caller: string;
  /** Name of the grant, unique for its caller. */
  readonly name: string;
  /** Methods, as `package.Service/Method` or `package.Service/*`. */
  readonly methods: readonly string[];
  /** Views that may be requested: `REFERENCE`. Ignored for methods that return no user. */
  readonly views: readonly string[];
  /** Ids of tenants, or `*` alone for all. */
  readonly tenants: readonly string[];
  readonly limits: GrantLimits;
}

/** Limits of a grant. Each process of the service counts separately. */
export interface GrantLimits {
  /** Calls per second. 0: no limit. */
  readonly ratePerSecond: number;
  /** Calls that may arrive at once after a pause. At least 1 if there is a rate. */
  readonly burst: number;
  /** Calls in progress at once, open streams included. 0: no limit. */
  readonly concurrency: number;
}

/** The access that one call requests. */
export interface AccessRequest {
  /** `package.Service/Method` */
  readonly method: string;
  /** Tenants of the request. All of them must be granted. */
  readonly tenants: readonly string[];
  /** View of the user that the call asks for. Undefined when the method returns no user. */
  readonly view: string | undefined;
}

/** Looks grants up. */
export interface Grants {
  /** The first grant that covers the whole request. Undefined when no grant does. */
  find(caller: string, requested: AccessRequest): Grant | undefined;
  /**
   * Registers a listener for changes of the grants.
   * @returns a function that removes it
   */
  onChange(listener: () => void): () => void;
}

/** Indexes grants for `Grants.find`. Of several grants that cover a request, the first by name is taken. */
export function indexGrants(grants: readonly Grant[]): Grants['find'] {
  const byCaller = Map.groupBy(
    grants
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((grant) => ({ grant, covers: coverage(grant) })),
    ({ grant }) => grant.caller,
  );
  return (caller, requested) => byCaller.get(caller)?.find(({ covers }) => covers(requested))?.grant;
}

function coverage({ methods, views, tenants }: Grant): (requested: AccessRequest) => boolean {
  const [methodSet, viewSet, tenantSet] = [new Set(methods), new Set(views), new Set(tenants)];
  const everyTenant = tenantSet.has('*');
  return ({ method, tenants: requested, view }) =>
    (methodSet.has(method) || methodSet.has(`${method.slice(0, method.indexOf('/'))}/*`)) &&
    (view === undefined || viewSet.has(view)) &&
    (everyTenant || requested.every((tenant) => tenantSet.has(tenant)));
}

/** The access that a method needs, read from its request: the basis of authorisation and of the audit log. */
export interface MethodAccess<Request extends Message = Message, Answer extends Message = Message> {
  /** Tenants of the request. */
  readonly tenants: (request: Request) => readonly string[];
  /** View of the user that the method returns. Undefined when it returns none. */
  readonly view: (request: Request) => string | undefined;
  /** Whether the call is audited: it returns contact data, searches by contact data, or writes. */
  readonly isAudited: (request: Request) => boolean;
  /** Ids of the users that the request names. */
  readonly ids: (request: Request) => readonly string[];
  /**
   * The reason that the caller gives, if the method takes one. Read from validated requests of successful
   * calls only.
   */
  readonly why?: (request: Request) => string;
  /** Ids of the users in the answer, where the request does not name them. */
  readonly answeredIds?: (answer: Answer) => readonly string[];
}

/**
 * Access of every method of a service. Complete by type: a new method does not compile until it has an entry.
 */
export type AccessTable<Service extends DescService> = {
  readonly [Name in keyof Service['method']]: MethodAccess<
    MessageShape<Service['method'][Name]['input']>,
    MessageShape<Service['method'][Name]['output']>
  >;
};

/** Returns the access of a method. Undefined: it has no entry, and every call of it is refused. */
export type AccessOf = (method: DescMethod) => MethodAccess | undefined;

/** Looks methods up in the tables of their services. */
export function accessFrom(
  tables: readonly (readonly [DescService, Readonly<Record<string, unknown>>])[],
): AccessOf {
  const byService = new Map(tables.map(([service, table]) => [service.typeName, table]));
  return (method) => byService.get(method.parent.typeName)?.[method.localName] as MethodAccess | undefined;
}
