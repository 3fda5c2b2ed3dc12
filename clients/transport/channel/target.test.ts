import { describe, expect, it } from 'vitest';
import { TransportOptionError } from '../transport-options.ts';
import { toTarget } from './target.ts';

describe('toTarget', () => {
  it.each([
    ['127.0.0.1:50051', 'ipv4:127.0.0.1:50051', true],
    ['127.8.9.1:1, 127.0.0.2:2', 'ipv4:127.8.9.1:1,127.0.0.2:2', true],
    ['10.0.0.1:50051,127.0.0.1:50051', 'ipv4:10.0.0.1:50051,127.0.0.1:50051', false],
    ['[::1]:50051', 'ipv6:[::1]:50051', true],
    ['[fd00::1]:1,[fd00::2]:1', 'ipv6:[fd00::1]:1,[fd00::2]:1', false],
    ['localhost:50051', 'dns:///localhost:50051', true],
    ['LocalHost:50051', 'dns:///LocalHost:50051', true],
    ['users.internal:50051', 'dns:///users.internal:50051', false],
    ['localhost.example.com:50051', 'dns:///localhost.example.com:50051', false],
    ['0.0.0.0:50051', 'ipv4:0.0.0.0:50051', false],
    ['[::ffff:10.0.0.1]:50051', 'ipv6:[::ffff:10.0.0.1]:50051', false],
  ])('reads %s', (address, uri, isLoopback) => {
    expect(toTarget(address)).toEqual({ uri, isLoopback });
  });

  it.each([
    '',
    '127.0.0.1',
    'users.internal',
    ':50051',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:http',
    '::1:50051',
    '[127.0.0.1]:50051',
    '[::1]',
    'dns:///users:50051',
    'http://users:50051',
    'a b:1',
    '127.0.0.1:1,',
    '127.0.0.1:1,[::1]:1',
    'users-a:1,users-b:1',
  ])("refuses '%s' and names the option", (address) => {
    expect(() => toTarget(address)).toThrow(
      expect.objectContaining({ reason: 'option_invalid', option: 'address' }),
    );
    expect(() => toTarget(address)).toThrow(TransportOptionError);
  });
});
