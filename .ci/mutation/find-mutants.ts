import { parseAst } from 'vitest/node';
import type { Mutant } from './mutant.ts';
import { findSqlMutants } from './sql-mutants.ts';

/** A node of the syntax tree, as ESTree describes it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const OPPOSITE: ReadonlyMap<string, string> = new Map([
  ['===', '!=='],
  ['!==', '==='],
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['&&', '||'],
  ['||', '&&'],
]);
// A log line is no promise.
const LOGGED = /^(await )?[\w.#?]*\blog(ger)?\??\.\w+\(/i;

/** Every change that the rules know for a TypeScript source, in the order of its text. */
export function findMutants(source: string): Mutant[] {
  const found: Mutant[] = [];
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node, (node) => {
    found.push(...mutantsOf(node, source));
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

function mutantsOf(node: Node, source: string): Mutant[] {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return operatorMutants(node, source);
    case 'UnaryExpression':
      return node.operator === '!'
        ? [
            {
              operator: 'negation removed',
              ...span(node),
              replacement: textOf(node.argument as Node, source),
            },
          ]
        : [];
    case 'IfStatement':
    case 'ConditionalExpression':
      return conditionMutants(node.test as Node);
    case 'ExpressionStatement':
      return callMutants(node, source);
    case 'Literal':
      return literalMutants(node, source);
    case 'TemplateLiteral':
      return findSqlMutants(source, node.start + 1, node.end - 1);
    default:
      return [];
  }
}

function operatorMutants(node: Node, source: string): Mutant[] {
  const operator = node.operator as string;
  const opposite = OPPOSITE.get(operator);
  const [left, right] = [node.left as Node, node.right as Node];
  const at = source.indexOf(operator, left.end);
  if (operator === '??')
    return [{ operator: '?? removed', start: left.end, end: right.end, replacement: '' }];
  if (opposite === undefined || at < 0 || at > right.start) return [];
  return [
    { operator: `${operator} to ${opposite}`, start: at, end: at + operator.length, replacement: opposite },
  ];
}

function conditionMutants(test: Node): Mutant[] {
  return [
    { operator: 'condition always false', ...span(test), replacement: 'Boolean(0)' },
    { operator: 'condition always true', ...span(test), replacement: 'Boolean(1)' },
  ];
}

function callMutants(node: Node, source: string): Mutant[] {
  const outer = node.expression as Node;
  const call = outer.type === 'AwaitExpression' ? (outer.argument as Node) : outer;
  const isCall = call.type === 'CallExpression' || call.type === 'ChainExpression';
  if (!isCall || LOGGED.test(textOf(node, source)) || textOf(call, source).startsWith('super(')) return [];
  return [{ operator: 'call removed', ...span(node), replacement: ';' }];
}

function literalMutants(node: Node, source: string): Mutant[] {
  if (typeof node.value === 'boolean')
    return [{ operator: 'boolean turned', ...span(node), replacement: String(!node.value) }];
  return typeof node.value === 'string' ? findSqlMutants(source, node.start + 1, node.end - 1) : [];
}

function visit(node: Node, onNode: (node: Node) => void): void {
  // Types say nothing about what the code does; expressions that only carry a type do.
  if (/^TS(?!AsExpression|SatisfiesExpression|NonNullExpression)/.test(node.type)) return;
  onNode(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, onNode);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function span({ start, end }: Node): Pick<Mutant, 'start' | 'end'> {
  return { start, end };
}

function textOf({ start, end }: Node, source: string): string {
  return source.slice(start, end);
}
