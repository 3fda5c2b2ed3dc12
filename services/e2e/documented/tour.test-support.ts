import { expect } from 'vitest';

/** Commands of a page, and what it says that they answer. */
export interface TourStep {
  /** Where the commands begin in the page. */
  readonly line: number;
  readonly shell: string;
  /** The block behind the commands; undefined: the page shows none. */
  readonly answer: string | undefined;
  /** `json`: a part of one JSON value. `text`: some of the lines, in order. */
  readonly language: string;
}

/** Every block of shell commands of a page with the answer that follows it, in order. */
export function readTour(page: string): TourStep[] {
  const blocks = [...page.matchAll(/^```(sh|json|text)\n([\s\S]*?)^```/gm)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: page.slice(0, match.index).split('\n').length,
  }));
  return blocks.flatMap(({ language, text, line }, index) => {
    if (language !== 'sh') return [];
    const next = blocks[index + 1];
    const answer = next && next.language !== 'sh' ? next : undefined;
    return [{ line, shell: text, answer: answer?.text, language: answer?.language ?? '' }];
  });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/**
 * Compares what a step printed with what the page shows of it. Ids are others each time, but the same one
 * stands for the same user throughout; of times the form is compared; text that ends in "…" is the beginning
 * of what must come.
 */
export function createAnswerCheck() {
  const ids = new Map<string, string>();
  return ({ language, shown, printed }: { language: string; shown: string; printed: string }): void => {
    if (language === 'text') expectLines(printed, shown);
    else expectJson(parse(printed), JSON.parse(shown), ids);
  };
}

function expectJson(answer: unknown, shown: unknown, ids: Map<string, string>): void {
  learnIds(shown, answer, ids);
  expect(answer).toMatchObject(expected(shown, ids) as object);
  expect(new Set(ids.values()).size, 'two ids of the page are two').toBe(ids.size);
}

function parse(printed: string): unknown {
  try {
    return JSON.parse(printed);
  } catch (cause) {
    throw new Error(`This is not one JSON value: ${printed}`, { cause });
  }
}

// Binds each id of the page to the one that stands in the same place of the answer.
function learnIds(shown: unknown, answer: unknown, ids: Map<string, string>): void {
  if (typeof shown === 'string' && typeof answer === 'string' && UUID.test(shown) && !ids.has(shown)) {
    expect(answer).toMatch(UUID);
    ids.set(shown, answer);
  }
  if (typeof shown !== 'object' || shown === null || typeof answer !== 'object' || answer === null) return;
  for (const [key, value] of Object.entries(shown)) learnIds(value, Reflect.get(answer, key), ids);
}

function expected(shown: unknown, ids: Map<string, string>): unknown {
  if (typeof shown === 'string') {
    if (ids.has(shown)) return ids.get(shown);
    if (TIME.test(shown)) return expect.stringMatching(TIME);
    return shown.endsWith('…') ? expect.stringMatching(new RegExp(`^${shown.slice(0, -1)}`)) : shown;
  }
  if (Array.isArray(shown)) return shown.map((each) => expected(each, ids));
  if (typeof shown !== 'object' || shown === null) return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, expected(value, ids)]));
}

// Each line of the page must be a line of the output, and behind the one before it.
function expectLines(printed: string, shown: string): void {
  const lines = linesOf(printed);
  const missing = linesOf(shown).find((line) => {
    const at = lines.indexOf(line);
    if (at >= 0) lines.splice(0, at + 1);
    return at < 0;
  });
  expect(missing, `is to stand in, behind the lines before it:\n${printed}`).toBeUndefined();
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  return lines.filter((line) => line !== '' && line !== '…');
}
