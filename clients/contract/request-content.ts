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
import { isStorable, momentFault, structFault, UNSTORABLE } from './storable-values.ts';

export {
  isCalendarDate,
  isMomentMs,
  isStorable,
  MAX_STRUCT_DEPTH,
  momentFault,
  structFault,
  TOO_DEEP,
  UNSTORABLE,
} from './storable-values.ts';
export { unmaskedRemoval } from './update-mask.ts';

/** A field of a request whose content every service refuses. */
export interface ContentFault {
  /** Path of the field: `user.profile.tags[3]`. A map or a `Struct` counts as one field. */
  readonly field: string;
  /** The rule that the field breaks, as the end of a sentence that begins with the field's name. */
  readonly description: string;
}

/** Checks the content of a request, and cuts its times to whole milliseconds. */
export type ContentCheck = (request: Message) => ContentFault | undefined;

/** Nanoseconds. Times are stored in whole milliseconds. */
const KEPT_NANOS = 1_000_000;
/** The bound of a Duration in its proto definition. Seconds: 10,000 years. */
const LONGEST_SECONDS = 315_576_000_000n;

/**
 * Creates the check of a request from its descriptor, for rules that hold for every field: texts can be
 * stored, times lie in the years 1 to 9999, and no `Struct` is nested too deep. Times are cut to whole
 * milliseconds, never rounded up.
 */
export function contentCheck(message: DescMessage): ContentCheck {
  const check = checkOf(message);
  return (request) => check?.(request as never);
}

type Check = (value: never) => ContentFault | undefined;

// null: no field of the message needs a check.
const known = new WeakMap<DescMessage, Check | null>();

function checkOf(message: DescMessage): Check | undefined {
  if (known.has(message)) return known.get(message) ?? undefined;
  // A recursive message finds its own check here.
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
  const withName = (fault: ContentFault | undefined) => fault && within(name, fault);
  if (!oneof)
    return (message) =>
      message[localName] === undefined ? undefined : withName(check(message[localName] as never));
  return (message) => {
    const chosen = message[oneof.localName] as { case?: string; value: never };
    return chosen.case === localName ? withName(check(chosen.value)) : undefined;
  };
}

function within(name: string, { field, description }: ContentFault): ContentFault {
  const separator = field === '' || field.startsWith('[') ? '' : '.';
  return { field: `${name}${separator}${field}`, description };
}

/** The check of the content of a field: one value, a list or a map. */
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

// A request may hold hundreds of ids, whose rule already covers their content.
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

function jsonFault(value: unknown): ContentFault | undefined {
  const description = structFault(value);
  return description === undefined ? undefined : { field: '', description };
}
