import { createHmac } from 'node:crypto';
import { Secret } from '@rollcall/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignature } from './signature.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

const NOW_S = 1_790_000_000;
const BODY = '{"id":"evt_1"}';
const OPTIONS = { secrets: [new Secret('whsec_1')], toleranceS: 300, now: () => NOW_S * 1000 };

const signed = (time: string | number, body = BODY) =>
  createHmac('sha256', 'whsec_1').update(`${time}.${body}`).digest('hex');
const right = signed(NOW_S);

function refusalOf(header: string | undefined, body = BODY): WebhookRefusal {
  try {
    verifySignature(body, header, OPTIONS);
  } catch (error) {
    if (error instanceof WebhookRefusal) return error;
    throw error;
  }
  throw new Error('the header is accepted');
}

describe('B10: a stripe-signature header', () => {
  it.each([
    ['an empty signature', `t=${NOW_S},v1=`],
    ['a signature without a value', `t=${NOW_S},v1`],
    ['a signature of another length', `t=${NOW_S},v1=${right.slice(1)}`],
    ['a signature that is longer', `t=${NOW_S},v1=${right}0`],
    ['a signature that is not hexadecimal', `t=${NOW_S},v1=${'g'.repeat(64)}`],
    ['a signature that is not ASCII', `t=${NOW_S},v1=${'é'.repeat(64)}`],
    ['only a signature of another scheme', `t=${NOW_S},v0=${right}`],
    ['a signature of other content', `t=${NOW_S},v1=${'0'.repeat(64)}`],
    ['no time', `v1=${right}`],
    ['an empty time', `t=,v1=${signed('')}`],
    ['a time without a value', `t,v1=${signed('NaN')}`],
    ['a time that is no number', `t=soon,v1=${signed('NaN')}`],
    ['a time in exponent form', `t=1e10,v1=${signed(1)}`],
    ['a negative time', `t=-1,v1=${signed(-1)}`],
    ['a time with a fraction', `t=${NOW_S}.5,v1=${right}`],
    ['an endless time', `t=${'9'.repeat(400)},v1=${signed('Infinity')}`],
    ['two times', `t=1,t=${NOW_S},v1=${right}`],
    ['Object.prototype as its keys', `__proto__=1,constructor=t,v1=${right}`],
    ['64 KiB of signatures', `t=${NOW_S},${`v1=${'0'.repeat(64)},`.repeat(1000)}`],
    ['nothing', ''],
    ['no text', undefined],
  ])('with %s is refused as SIGNATURE_INVALID', (_, header) => {
    expect(refusalOf(header)).toMatchObject({ reason: 'SIGNATURE_INVALID' });
  });

  it('is refused with the name of the missing part', () => {
    expect(refusalOf(`t=${NOW_S},v1=`).message).toContain('v1=');
    expect(refusalOf(`v1=${right}`).message).toContain('t=');
  });

  it('with one right signature among others is accepted', () => {
    const header = `t=${NOW_S},v1=,v1=${'é'.repeat(64)},v1=${'0'.repeat(64)},v0=x,v1=${right}`;
    expect(() => verifySignature(BODY, header, OPTIONS)).not.toThrow();
  });

  it('of the future is accepted, because the local clock may be behind', () => {
    const later = NOW_S + 7200;
    expect(() => verifySignature(BODY, `t=${later},v1=${signed(later)}`, OPTIONS)).not.toThrow();
  });

  it('of any text is refused without another error', () => {
    const item = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.constantFrom('t', 'v1', 'v0'), fc.string({ unit: 'binary' })).map((pair) => pair.join('=')),
      fc.constantFrom(`t=${NOW_S}`, 'v1=', `v1=${'é'.repeat(64)}`, `v1=${'0'.repeat(64)}`),
    );
    fc.assert(
      fc.property(fc.array(item), fc.string(), (items, body) => {
        expect(refusalOf(items.join(','), body).reason).toMatch(/^SIGNATURE_/);
      }),
      { numRuns: 2000 },
    );
  });
});
