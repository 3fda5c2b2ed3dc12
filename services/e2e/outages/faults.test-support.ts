import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserClient, UserLookup } from '@rollcall/user-client';

/** What stands between a client and its service, and can be bad. */
export interface FaultyProxy extends AsyncDisposable {
  readonly port: number;
  /** Time in ms that each answer is held back. */
  delayMs: number;
  /** Ends all connections with RST, as a machine does that has forgotten them. New ones are taken. */
  reset(): void;
}

/** Opens one on 127.0.0.1, before a port there. */
export async function openFaultyProxy(target: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
    near.on('data', (bytes) => far.write(bytes)).once('close', () => far.destroy());
    let sent = Promise.resolve();
    far.on('data', (bytes) => {
      const due = proxy.delayMs > 0 ? sleep(proxy.delayMs) : undefined;
      sent = sent.then(() => due).then(() => void near.write(bytes));
    });
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return proxy;
}

/** What callers saw. */
export interface Reads {
  /** How often each outcome, with its source, came, and what was thrown. */
  readonly seen: Readonly<Record<string, number>>;
  /** The errors behind answers from before an outage, each once. */
  readonly causes: ReadonlySet<string>;
}

/** Reads these ids over and over, as several callers would, until `faults` is done. */
export async function readDuring(
  users: UserClient,
  ids: readonly string[],
  faults: () => Promise<unknown>,
): Promise<Reads> {
  const seen: Record<string, number> = {};
  const causes = new Set<string>();
  let isOver = false;
  const note = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1;
  };
  const caller = async () => {
    while (!isOver) {
      const lookups = await users.lookupMany(ids).catch((error) => note(`thrown: ${error}`));
      if (lookups && lookups.length !== ids.length) note('an id without an outcome');
      for (const lookup of lookups ?? []) {
        note(shown(lookup));
        if ('degraded' in lookup && lookup.degraded) causes.add(String(lookup.degraded.cause));
      }
      await sleep(5);
    }
  };
  const callers = [caller(), caller(), caller()];
  try {
    await faults();
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  return { seen, causes };
}

/** `found by service`, `missing`, `unavailable`, … */
export function shown(lookup: UserLookup): string {
  return 'source' in lookup && lookup.outcome !== 'missing'
    ? `${lookup.outcome} by ${lookup.source}`
    : lookup.outcome;
}
