import { createLogger } from '@rollcall/runtime';
import { describe, expect, it } from 'vitest';
import { readAuditCommand, runAuditCommand } from '../commands/audit-command.ts';
import { openLog, tamper, writeSingly } from '../testing/audit-log.ts';
import { startAuditWatch } from './audit-watch.ts';

// Collects the log from level `info` on, as JSON.
function listen() {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ service: 'test', level: 'info' }, { write: (line) => void lines.push(line) }),
  };
}

describe('the watch over the audit log', () => {
  it('B10: warns when one role is both the service and the owner, as verify does, and is silent otherwise', async () => {
    await using test = await openLog();
    await writeSingly(test.log, 1);
    const [quiet, loud] = [listen(), listen()];
    await using one = await startAuditWatch(test.pool, quiet);
    await using both = await startAuditWatch(test.owner, loud);
    expect(quiet.lines).toEqual([]);
    expect(loud.lines).toEqual([expect.stringContaining('not protected against the role \\"auth_owner\\"')]);
    const isProtected = (watch: typeof one) =>
      watch.readMetrics().find(({ name }) => name === 'rollcall_audit_protected')?.value;
    expect([isProtected(one), isProtected(both)]).toEqual([1, 0]);
    const verify = readAuditCommand(['verify']);
    expect(await runAuditCommand(verify, test.pool)).toMatch(/^The audit log is whole/);
    expect(await runAuditCommand(verify, test.owner)).toMatch(/^Warning: .*\nThe audit log is whole/);
  });

  it('B10: raises the alarm for a break that another process found, and after a restart', async () => {
    await using test = await openLog();
    const { lines, logger } = listen();
    await using watch = await startAuditWatch(test.pool, { logger, pollMs: 20 });
    const breaks = () => watch.readMetrics().find(({ name }) => name === 'rollcall_audit_breaks')?.value;
    await writeSingly(test.log, 3);
    expect(breaks()).toBe(0);
    await tamper(test.owner, 'delete from audit_batches where seq = 3');
    await writeSingly(test.log, 3);
    await expect.poll(breaks, { timeout: 20_000 }).toBe(1);
    expect(lines).toEqual([expect.stringContaining('the audit log is broken')]);
    const later = listen();
    await using _ = await startAuditWatch(test.pool, later);
    expect(later.lines).toEqual([expect.stringContaining('the audit log is broken')]);
  });
});
