import { UserAdminService, UserService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createGrpcTransport, type GrpcTransportOptions, RETRY_POLICY } from './index.ts';
import { toServiceConfig } from './retry-policy.ts';

function fault(options: GrpcTransportOptions): unknown {
  try {
    createGrpcTransport(options).close();
    return 'none';
  } catch (error) {
    return (error as { option?: unknown }).option;
  }
}

describe('createGrpcTransport', () => {
  it('refuses plaintext to an address that is not loopback', () => {
    expect(fault({ address: '10.0.0.1:50051' })).toBe('tls');
    expect(fault({ address: 'users.internal:50051' })).toBe('tls');
    expect(fault({ address: '127.0.0.1:50051,10.0.0.1:50051' })).toBe('tls');
  });

  it('allows plaintext to another machine where that is said', () => {
    expect(fault({ address: '10.0.0.1:50051', allowInsecure: true })).toBe('none');
  });

  it('allows TLS to another machine', () => {
    expect(fault({ address: '10.0.0.1:50051', tls: {} })).toBe('none');
  });

  it('refuses half of a client certificate', () => {
    expect(fault({ address: '127.0.0.1:1', tls: { privateKey: 'key' } })).toBe('tls');
  });

  it.each(['defaultTimeoutMs', 'keepAliveMs', 'keepAliveTimeoutMs', 'maxReconnectBackoffMs'] as const)(
    'refuses a %s that is no duration',
    (option) => {
      expect(fault({ address: '127.0.0.1:1', [option]: -1 })).toBe(option);
      expect(fault({ address: '127.0.0.1:1', [option]: Number.NaN })).toBe(option);
      expect(fault({ address: '127.0.0.1:1', [option]: Number.POSITIVE_INFINITY })).toBe(option);
    },
  );
});

describe('toServiceConfig', () => {
  it('retries reads, and neither writes nor streams', () => {
    const [config] = toServiceConfig([UserService, UserAdminService]).methodConfig;
    const names = config?.name.map(({ service, method }) => `${service}/${method}`) ?? [];
    expect(names).toContain('rollcall.user.v1.UserService/BatchGetUsers');
    expect(names).toContain('rollcall.user.v1.UserAdminService/ListUsers');
    expect(names).not.toContain('rollcall.user.v1.UserAdminService/CreateUser');
    expect(names).not.toContain('rollcall.user.v1.UserService/WatchUsers');
    expect(config?.retryPolicy).toEqual(RETRY_POLICY);
  });

  it('retries nothing where no service is named', () => {
    expect(toServiceConfig([]).methodConfig).toEqual([]);
  });
});
