import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';

describe('createProgress', () => {
  it('redraws one line on a terminal, no oftener than every 100 ms and no wider than the terminal', () => {
    const { screen, clock, progress } = setUp({ isTTY: true, columns: 60 });
    for (let rows = 1; rows <= 1000; rows += 1) {
      clock.ms += 1;
      progress.update(rows, 200 * rows);
    }
    progress.end();
    const written = screen.text.split('\r\x1b[2K').slice(1);
    expect(written).toHaveLength(12);
    expect(written[5]).toBe('[############............] 50 %, 100.0 kB of 200.0 kB, 500 ');
    expect(written.at(-1)).toBe('[########################] 100 %, 200.0 kB of 200.0 kB, 100\n');
    for (const line of written) expect(line.trimEnd().length).toBeLessThan(60);
  });

  it('writes plain lines elsewhere: every five seconds, and at the end', () => {
    const { screen, clock, progress } = setUp({});
    for (let rows = 1; rows <= 12; rows += 1) {
      clock.ms += 1000;
      progress.update(rows, 10_000 * rows);
    }
    progress.end();
    expect(screen.text).toBe(
      [
        '25 %, 50.0 kB of 200.0 kB, 5 rows, 1 rows/s\n',
        '50 %, 100.0 kB of 200.0 kB, 10 rows, 1 rows/s\n',
        '60 %, 120.0 kB of 200.0 kB, 12 rows, 1 rows/s\n',
      ].join(''),
    );
  });

  it('never goes back, though rows do not end in the order they began', () => {
    const { screen, progress } = setUp({});
    progress.update(1, 100_000);
    progress.update(2, 50_000);
    progress.end();
    expect(screen.text).toContain('50 %, 100.0 kB of 200.0 kB, 2 rows');
  });

  it('says things on lines of their own', () => {
    const terminal = setUp({ isTTY: true });
    terminal.progress.say('Hello.');
    expect(terminal.screen.text.endsWith('\r\x1b[2KHello.\n')).toBe(true);
    const plain = setUp({});
    plain.progress.say('Hello.');
    expect(plain.screen.text).toBe('Hello.\n');
  });

  it('ends at 100 % where the whole file was read, though not every line is a row', () => {
    const { screen, progress } = setUp({});
    progress.complete();
    progress.end();
    expect(screen.text).toMatch(/^100 %, 200\.0 kB of 200\.0 kB, 0 rows/);
  });

  it('shows a file without bytes as done', () => {
    const screen = toScreen({});
    createProgress(screen, { totalBytes: 0 }).end();
    expect(screen.text).toMatch(/^100 %, 0\.0 kB of 0\.0 kB, 0 rows/);
  });
});

function setUp(terminal: { isTTY?: boolean; columns?: number }) {
  const clock = { ms: 0 };
  const screen = toScreen(terminal);
  const progress = createProgress(screen, { totalBytes: 200_000, now: () => clock.ms });
  return { screen, clock, progress };
}

function toScreen(terminal: { isTTY?: boolean; columns?: number }) {
  return {
    ...terminal,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}
