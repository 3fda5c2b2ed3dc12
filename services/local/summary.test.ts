import { describe, expect, it } from 'vitest';
import { readLocalConfig } from './config.ts';
import { callsToPaste, endpointTable, movedNotes } from './output.ts';

const facts = { postgresVersion: '18.4', hasSample: true, moved: [] };

describe('what a start ends with', () => {
  it('names every address and fits into 80 columns', () => {
    const config = readLocalConfig({ AUTH_HTTP_PORT: '65535', BILLING_HTTP_PORT: '65534' }, []);
    const withoutSample = callsToPaste(config, { ...facts, hasSample: false });
    const text = `${endpointTable(config, facts)}\n${callsToPaste(config, facts)}\n${withoutSample}`;
    for (const port of [50051, 65535, 50052, 8082, 50053, 8083, 50054, 65534, 54320])
      expect(text).toContain(`127.0.0.1:${port}`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(80);
  });

  it('ports: says which addresses are not where the README says, and nothing where all are', () => {
    const moved = [{ variable: 'VENDOR_GRPC_PORT', from: 50053, to: 20053 }];
    const notes = movedNotes({ moved });
    expect(notes).toBe(
      'Not where the README says:\n  50053 is in use: 20053, as VENDOR_GRPC_PORT would set it',
    );
    expect(Math.max(...notes.split('\n').map((line) => line.length))).toBeLessThan(80);
    expect(movedNotes({ moved: [] })).toBe('');
  });

  it('asks for a user of the sample only where there is one, and shows no Postgres where none runs', () => {
    const config = readLocalConfig({}, []);
    expect(callsToPaste(config, facts)).toContain('UserService/GetUser');
    expect(callsToPaste(config, { ...facts, hasSample: false })).not.toContain('GetUser');
    expect(endpointTable(config, { ...facts, postgresVersion: undefined })).not.toContain('postgres');
  });
});
