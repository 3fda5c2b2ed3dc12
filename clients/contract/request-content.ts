import {
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { type Duration, isWrapperDesc, type Timestamp } from '@bufbuild/protobuf/wkt';
import { type FieldRules, fieldRules } from './rules.ts';

export { unmaskedRemoval } from './update-mask.ts';

/** A field of a request with content that no service takes. */
export interface ContentFault {
  /** Path of the field: `user.profile.tags[3]`; of a map or a `Struct` all that it holds is one place. */
  readonly field: string;
  /** What is wanted, to stand behind the field's name. */
  readonly description: string;
}

/** Looks at the content of a request, and cuts its times to the precision that is kept. */
export type ContentCheck = (request: Message) => ContentFault | undefined;

/** What is wrong with a text that `isStorable` refuses, to stand behind the field's name. */
export const UNSTORABLE = 'must not hold the character U+0000 or half a surrogate pair';

/** How deep objects and lists of a `Struct` may lie in one another. Our own choice: every client can still read it. */
export const MAX_STRUCT_DEPTH = 16;

/** What a `Struct` beyond that depth is told, to stand behind the field's name. */
export const TOO_DEEP = `must not be nested deeper than ${MAX_STRUCT_DEPTH}`;

/** Times are kept in whole milliseconds. */
const KEPT_NANOS = 1_000_000;
/** The bounds of a Timestamp by its own definition, in seconds: the years 1 to 9999. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const FIRST_MS = 1000 * Number(FIRST_SECOND);
const END_MS = 1000 * (Number(LAST_SECOND) + 1);
/** The bound of a Duration by its own definition, in seconds: 10,000 years. */
const LONGEST_SECONDS = 315_576_000_000n;

/** Whether Postgres can keep a text: it has no place for NUL, nor for half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/**
 * The check of a request by its descriptor, for what field rules cannot say of every field alike: texts can be kept, moments are
 * of the years 1 to 9999 and have whole milliseconds, each cut and never rounded up, and no `Struct` is nested too deep.
 */
export function contentCheck(message: DescMessage): ContentCheck {
  const check = checkOf(message);
  return (request) => check?.(request as never);
}

type Check = (value: never) => ContentFault | undefined;

// null: nothing in such a message is looked at.
const known = new WeakMap<DescMessage, Check | null>();

function checkOf(message: DescMessage): Check | undefined {
  if (known.has(message)) return known.get(message) ?? undefined;
  // A message that holds itself looks its check up when it is used.
  known.set(message, (value) => known.get(message)?.(value));
  const check = googleCheck(message) ?? fieldsCheck(message);
  known.set(message, check ?? null);
  return check;
}

function googleCheck(message: DescMessage): Check | undefined {
  switch (message.typeName) {
    case 'google.protobuf.Timestamp':
      return timestampFault;
    case 'google.protobuf.Duration':
      return durationFault;
    case 'google.protobuf.Struct':
      return jsonFault;
    case 'google.protobuf.Value':
    case 'google.protobuf.ListValue':
      return (value: Message) => jsonFault(toJson(message, value));
    case 'google.protobuf.StringValue':
      return (value: unknown) => (typeof value === 'string' ? textFault(value) : undefined);
    default:
      return undefined;
  }
}

function fieldsCheck(message: DescMessage): Check | undefined {
  if (isWrapperDesc(message)) return undefined;
  const checks = message.fields.map(fieldCheck).filter((check) => check !== undefined);
  if (checks.length === 0) return undefined;
  return (value) => {
    for (const check of checks) {
      const fault = check(value);
      if (fault) return fault;
    }
    return undefined;
  };
}

function fieldCheck(
  field: DescField,
): ((message: Record<string, unknown>) => ContentFault | undefined) | undefined {
  const check = contentOf(field);
  if (!check) return undefined;
  const { name, localName, oneof } = field;
  const tell = (fault: ContentFault | undefined) => fault && within(name, fault);
  if (!oneof)
    return (message) =>
      message[localName] === undefined ? undefined : tell(check(message[localName] as never));
  return (message) => {
    const chosen = message[oneof.localName] as { case?: string; value: never };
    return chosen.case === localName ? tell(check(chosen.value)) : undefined;
  };
}

function within(name: string, { field, description }: ContentFault): ContentFault {
  const separator = field === '' || field.startsWith('[') ? '' : '.';
  return { field: `${name}${separator}${field}`, description };
}

/** The check of what a field holds: one value, a list or a map. */
function contentOf(field: DescField): Check | undefined {
  const rules = getOption(field, fieldRules);
  const { type } = rules;
  if (field.fieldKind === 'list') {
    const item = valueCheck(field, type.case === 'repeated' ? type.value.items : undefined);
    return item && listCheck(item);
  }
  if (field.fieldKind === 'map') {
    const [keys, values] = type.case === 'map' ? [type.value.keys, type.value.values] : [];
    return mapCheck(
      field.mapKey === ScalarType.STRING ? textCheck(keys) : undefined,
      valueCheck(field, values),
    );
  }
  return valueCheck(field, rules);
}

function valueCheck(field: DescField, rules: FieldRules | undefined): Check | undefined {
  if (field.message) return checkOf(field.message);
  return field.scalar === ScalarType.STRING ? textCheck(rules) : undefined;
}

// Hundreds of ids stand in one request, and their rule says all.
function textCheck(rules: FieldRules | undefined): Check | undefined {
  const isUuid = rules?.type.case === 'string' && rules.type.value.wellKnown.case === 'uuid';
  return isUuid ? undefined : textFault;
}

function listCheck(check: Check): Check {
  return (items: readonly never[]) => {
    for (let i = 0; i < items.length; i++) {
      const fault = check(items[i] as never);
      if (fault) return within(`[${i}]`, fault);
    }
    return undefined;
  };
}

function mapCheck(key: Check | undefined, value: Check | undefined): Check | undefined {
  if (!key && !value) return undefined;
  return (entries: Readonly<Record<string, never>>) => {
    for (const [name, each] of Object.entries(entries)) {
      const fault = key?.(name as never) ?? value?.(each);
      if (fault) return { ...fault, field: '' };
    }
    return undefined;
  };
}

function textFault(text: string): ContentFault | undefined {
  return isStorable(text) ? undefined : { field: '', description: UNSTORABLE };
}

/** What is wrong with a Timestamp, to stand behind the field's name; undefined: it is a moment of the years 1 to 9999. */
export function momentFault({ seconds, nanos }: Pick<Timestamp, 'seconds' | 'nanos'>): string | undefined {
  const isMoment = seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9;
  return isMoment ? undefined : 'must be a moment of the years 1 to 9999';
}

/** Whether a text is a day of the calendar, `YYYY-MM-DD`. `Date` alone takes 30 February for a day of March. */
export function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  );
}

/** Whether it is a number of ms since 1970 that lies in the years 1 to 9999, as every moment that is kept does. */
export function isMomentMs(ms: unknown): ms is number {
  return Number.isInteger(ms) && Number(ms) >= FIRST_MS && Number(ms) < END_MS;
}

function timestampFault(time: Timestamp): ContentFault | undefined {
  const description = momentFault(time);
  if (description) return { field: '', description };
  time.nanos -= time.nanos % KEPT_NANOS;
  return undefined;
}

function durationFault(duration: Duration): ContentFault | undefined {
  const { seconds, nanos } = duration;
  const isOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  const isWithin = seconds >= -LONGEST_SECONDS && seconds <= LONGEST_SECONDS && Math.abs(nanos) < 1e9;
  if (!isOneSign || !isWithin) return { field: '', description: 'must be a time of at most 10,000 years' };
  duration.nanos = nanos - (nanos % KEPT_NANOS);
  return undefined;
}

/**
 * What is wrong with a value of a `Struct`, to stand behind the field's name; undefined: it can be kept.
 * @param depthLeft how many objects and lists may lie in one another; default MAX_STRUCT_DEPTH
 */
export function structFault(value: unknown, depthLeft = MAX_STRUCT_DEPTH): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : UNSTORABLE;
  if (typeof value === 'number' && !Number.isFinite(value))
    return 'must hold no number that is infinite or none';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft === 0) return TOO_DEEP;
  for (const [key, each] of Object.entries(value)) {
    const fault = isStorable(key) ? structFault(each, depthLeft - 1) : UNSTORABLE;
    if (fault) return fault;
  }
  return undefined;
}

function jsonFault(value: unknown): ContentFault | undefined {
  const description = structFault(value);
  return description === undefined ? undefined : { field: '', description };
}
