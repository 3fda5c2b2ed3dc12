import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What makes a way out of this process. */
const WAY_OUT = new RegExp(
  [
    String.raw`(?<!function )\b(create\w*Client|create\w*Transport|openTransport|createRemoteJWKSet)\(`,
    String.raw`(?<![.\w])fetch\(`,
    String.raw`\bnew (Stripe|WebSocket|EventSource)\(`,
    String.raw`\b(https?|http2|net|tls|undici)\.(request|get|connect|createConnection|fetch)\(`,
    String.raw`import \{[^}]*\b(get|request|connect|createConnection)\b[^}]*\} from 'node:(https?|http2|net|tls)'`,
    String.raw`import \{[^}]*\bClient\b[^}]*\} from '@grpc/grpc-js'`,
    "from '(axios|got|undici|nodemailer|ws|node-fetch)'",
  ].join('|'),
);

type Bound = 'guard' | 'own breaker' | 'tool';

/**
 * Every file of a process of ours that makes one, and what its calls pass. A tool runs once, and a person
 * waits for it.
 */
const MADE_IN: ReadonlyMap<string, Bound> = new Map([
  ['services/user-access/connect-clients.ts', 'guard'],
  ['services/billing/outbox/tasks.ts', 'guard'],
  ['services/billing/stripe/stripe-client.ts', 'guard'],
  ['services/billing/stripe/create-stripe-gateway.ts', 'guard'],
  ['services/billing/stripe-cli/post-event.ts', 'tool'],
  ['services/local/sample/sample-clients.ts', 'tool'],
  ['services/local/processes/service-process.ts', 'tool'],
  ['services/local/postgres/supervise-postgres.ts', 'tool'],
  ['migrations/import/calls/connect-services.ts', 'tool'],
]);

const sources = execFileSync('git', ['ls-files', '-z', 'services', 'migrations'], { encoding: 'utf8' })
  .split('\0')
  .filter((path) => /\.(ts|mjs)$/.test(path))
  .filter((path) => !/\.(test|tools|test-support)\.ts$|\/testing\/|^services\/e2e\//.test(path));

describe('ways out of a process', () => {
  it('outgoing-breakers: are made in the files that are known for it, and nowhere else', () => {
    const found = sources.filter((path) => WAY_OUT.test(withoutComments(readFileSync(path, 'utf8'))));
    expect(found.toSorted()).toEqual([...MADE_IN.keys()].toSorted());
  });

  it.each([...MADE_IN].filter(([, bound]) => bound === 'guard'))(
    'outgoing-breakers: of %s have a guard, or a breaker of their own',
    (path) => {
      const source = withoutComments(readFileSync(path, 'utf8'));
      const made = [...source.matchAll(/\bcreate(\w*)(?:Client|Transport)\(([^;]*?)\);/g)];
      expect(made.length).toBeGreaterThan(0);
      for (const [, name, options] of made)
        if (name !== 'User') expect(options, `${path}: create${name}…`).toMatch(/\bguard\b/);
    },
  );

  it.each([
    "const users = createServiceClient(UserService, { address: '127.0.0.1:50051' });",
    'using transport = createGrpcTransport({ address });',
    'const transport = createConnectTransport({ baseUrl });',
    'const client = createClient(UserService, transport);',
    "await fetch('https://api.stripe.com');",
    "const stripe = new Stripe('sk_test');",
    "http.request('http://example.com');",
    "import { request } from 'node:https';",
    'const keys = createRemoteJWKSet(url);',
    "import nodemailer from 'nodemailer';",
    "import { Client, credentials } from '@grpc/grpc-js';",
  ])('outgoing-breakers: are seen in %s', (line) => {
    expect(line).toMatch(WAY_OUT);
  });
});

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
