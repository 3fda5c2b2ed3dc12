import { UserAdminService, UserService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import {
  createGrpcTransport,
  createServiceClient,
  type GrpcTransportOptions,
  RETRY_POLICY,
  type TlsOptions,
  TransportOptionError,
} from '../index.ts';
import { toServiceConfig } from './channel-options.ts';

function fault(options: GrpcTransportOptions): unknown {
  const error = failure(options);
  return error === undefined ? 'none' : (error as { option?: unknown }).option;
}

function failure(options: GrpcTransportOptions): unknown {
  try {
    createGrpcTransport(options).close();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('createGrpcTransport', () => {
  it('refuses plaintext to an address that is not loopback', () => {
    expect(fault({ address: '10.0.0.1:50051' })).toBe('tls');
    expect(fault({ address: 'users.internal:50051' })).toBe('tls');
    expect(fault({ address: '127.0.0.1:50051,10.0.0.1:50051' })).toBe('tls');
  });

  it('allows plaintext to another machine with allowInsecure', () => {
    expect(fault({ address: '10.0.0.1:50051', allowInsecure: true })).toBe('none');
  });

  it('allows TLS to another machine', () => {
    expect(fault({ address: '10.0.0.1:50051', tls: {} })).toBe('none');
  });

  it('refuses a private key without a certificate chain', () => {
    expect(fault({ address: '127.0.0.1:1', tls: { privateKey: 'key' } })).toBe('tls');
  });

  const badPem = '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----';
  it.each<[unknown, string]>([
    [5, '5 is not an object'],
    [null, 'null is not an object'],
    ['secret', 'a text is not an object'],
    [{ rootCertificates: 5 }, 'rootCertificates is 5'],
    [{ rootCertificates: 'secret' }, 'rootCertificates has no certificate in PEM'],
    [{ rootCertificates: badPem }, 'rootCertificates has no certificate in PEM'],
    [{ privateKey: 'secret', certificateChain: badPem }, 'certificateChain is not readable as PEM'],
    [{ privateKey: null, certificateChain: badPem }, 'privateKey is null'],
    [{ serverName: 5 }, 'serverName is not a name'],
  ])('refuses tls %j with the fault and without its content', (tls, message) => {
    const error = failure({ address: '127.0.0.1:1', tls: tls as TlsOptions });
    expect(error).toBeInstanceOf(TransportOptionError);
    expect(error).toMatchObject({ option: 'tls', message: expect.stringContaining(`tls: ${message}`) });
    expect(String(error)).not.toMatch(/secret|c2VjcmV0/);
  });

  it.each<[string, string, object]>([
    ['interceptors', "'x' is not an array", { interceptors: 'x' }],
    ['interceptors', 'null is not an array', { interceptors: null }],
    ['interceptors', '5 at [1] is not a function', { interceptors: [(next: unknown) => next, 5] }],
    ['callerToken', 'a text is not a function', { callerToken: 'secret' }],
    ['callerToken', 'null is not a function', { callerToken: null }],
  ])('refuses %s: %s', (option, message, options) => {
    const error = failure({ address: '127.0.0.1:1', ...options });
    expect(error).toMatchObject({ option, message: expect.stringContaining(`${option}: ${message}`) });
    expect(String(error)).not.toContain('secret');
  });

  it('refuses options that are no object', () => {
    expect(fault(undefined as never)).toBe('options');
    expect(fault(null as never)).toBe('options');
    expect(fault('127.0.0.1:1' as never)).toBe('options');
  });

  it.each([
    'defaultTimeoutMs',
    'connectTimeoutMs',
    'keepAliveMs',
    'keepAliveTimeoutMs',
    'maxReconnectBackoffMs',
  ] as const)('refuses a %s that is no duration', (option) => {
    expect(fault({ address: '127.0.0.1:1', [option]: -1 })).toBe(option);
    expect(fault({ address: '127.0.0.1:1', [option]: Number.NaN })).toBe(option);
    expect(fault({ address: '127.0.0.1:1', [option]: Number.POSITIVE_INFINITY })).toBe(option);
  });
});

describe('createServiceClient', () => {
  it.each<[string, object | undefined]>([
    ['options', undefined],
    ['transport', { transport: {} }],
    ['transport', { transport: null }],
    ['transport', { transport: { unary: () => {} } }],
  ])('refuses %s without a usable transport: %j', (option, options) => {
    expect(() => createServiceClient(UserService, options as never)).toThrow(
      expect.objectContaining({ name: 'TransportOptionError', option }),
    );
  });
});

describe('toServiceConfig', () => {
  it('retries reads, but neither writes nor streams', () => {
    const [config] = toServiceConfig([UserService, UserAdminService]).methodConfig;
    const names = config?.name.map(({ service, method }) => `${service}/${method}`) ?? [];
    expect(names).toContain('rollcall.user.v1.UserService/BatchGetUsers');
    expect(names).toContain('rollcall.user.v1.UserAdminService/ListUsers');
    expect(names).not.toContain('rollcall.user.v1.UserAdminService/CreateUser');
    expect(names).not.toContain('rollcall.user.v1.UserService/WatchUsers');
    expect(config?.retryPolicy).toEqual(RETRY_POLICY);
  });

  it('retries nothing without services', () => {
    expect(toServiceConfig([]).methodConfig).toEqual([]);
  });
});
