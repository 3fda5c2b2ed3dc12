import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { PlanInterval, PlanSchema } from '@rollcall/contract/billing';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BillingUnderTest, startBilling } from '../testing/start-billing.ts';

const tenantId = 'acme';
let billing: BillingUnderTest;
let areaId: string;

beforeAll(async () => {
  billing = await startBilling();
  areaId = await newArea('euroland', 'EUR');
});

afterAll(() => billing[Symbol.asyncDispose]());

async function newArea(code: string, currencyCode: string, of = tenantId): Promise<string> {
  const { area } = await billing.plans.createArea({
    tenantId: of,
    area: { code, title: 'An area', currencyCode, countryCodes: ['PT', 'ES'], taxBasisPoints: 2300 },
  });
  return area?.id ?? '';
}

/** A valid plan to create. */
function newPlan(init: MessageInitShape<typeof PlanSchema> = {}) {
  return create(PlanSchema, { code: 'gold', title: 'Gold', interval: PlanInterval.MONTH, ...init });
}

describe('areas', () => {
  it('are listed by code, page by page', async () => {
    for (const code of ['c', 'a', 'b']) await newArea(code, 'CHF', 'paged');
    const first = await billing.plans.listAreas({ tenantId: 'paged', pageSize: 2 });
    const { nextPageToken: pageToken } = first;
    const rest = await billing.plans.listAreas({ tenantId: 'paged', pageSize: 2, pageToken });
    expect(first.areas.map(({ code }) => code)).toEqual(['a', 'b']);
    expect(rest.areas.map(({ code }) => code)).toEqual(['c']);
    expect(rest.nextPageToken).toBe('');
    expect(rest.areas[0]).toMatchObject({
      ...{ tenantId: 'paged', title: 'An area', currencyCode: 'CHF' },
      ...{ countryCodes: ['PT', 'ES'], taxBasisPoints: 2300 },
    });
  });

  it('have codes that are unique in the tenant', async () => {
    expect(await faultOf(newArea('euroland', 'EUR'))).toMatchObject({
      code: 'AlreadyExists',
      reason: 'CODE_TAKEN',
      metadata: { tenant_id: tenantId, code: 'euroland' },
    });
    expect(await newArea('euroland', 'EUR', 'elsewhere')).not.toBe('');
  });

  it.each(['ZZZ', 'XAU', 'XXX'])(
    'money-units: are refused with %s, which is not a currency',
    async (code) => {
      expect(await faultOf(newArea('nowhere', code))).toMatchObject({
        code: 'InvalidArgument',
        fields: ['area.currency_code'],
      });
    },
  );
});

describe('CreatePlan', () => {
  it('answers as GetPlan does later', async () => {
    const other = await newArea('dollarland', 'USD');
    const prices = [
      { areaId: other, amount: { currencyCode: 'USD', minorUnits: 1999n }, stripePriceId: 'price_1' },
      { areaId, amount: { currencyCode: 'EUR', minorUnits: 0n } },
    ];
    const { plan } = await billing.plans.createPlan({ tenantId, plan: newPlan({ code: 'whole', prices }) });
    expect(plan).toMatchObject({ tenantId, code: 'whole', title: 'Gold', prices, retired: false });
    const read = await billing.plans.getPlan({ tenantId, id: plan?.id.toUpperCase() ?? '' });
    expect(read.plan).toEqual(plan);
  });

  it('refuses a duplicate code and an unknown area', async () => {
    await billing.plans.createPlan({ tenantId, plan: newPlan({ code: 'taken' }) });
    const again = billing.plans.createPlan({ tenantId, plan: newPlan({ code: 'taken' }) });
    expect(await faultOf(again)).toMatchObject({ code: 'AlreadyExists', reason: 'CODE_TAKEN' });
    const prices = [{ areaId, amount: { currencyCode: 'EUR', minorUnits: 0n } }];
    const foreign = billing.plans.createPlan({ tenantId: 'elsewhere', plan: newPlan({ prices }) });
    expect(await faultOf(foreign)).toMatchObject({
      code: 'NotFound',
      reason: 'AREA_NOT_FOUND',
      metadata: { area_id: areaId },
    });
  });

  it.each([
    ['code', { code: '' }],
    ['interval', { interval: PlanInterval.UNSPECIFIED }],
    ['title', { title: '' }],
    ['title', { title: 'a\0b' }],
  ])('refuses a plan with an invalid %s', async (field, init) => {
    const fault = await faultOf(billing.plans.createPlan({ tenantId, plan: newPlan(init) }));
    expect(fault).toMatchObject({ code: 'InvalidArgument', fields: [`plan.${field}`] });
  });

  it.each([
    ['KWD', 5123n, 'minor_units'],
    ['MGA', 5450n, 'minor_units'],
    ['CLF', 5400n, 'currency_code'],
  ])(
    'money-units: refuses a price of %s %i, which Stripe does not accept',
    async (code, minorUnits, field) => {
      const area = await newArea(`land-of-${code.toLowerCase()}`, code);
      const price = { areaId: area, amount: { currencyCode: code, minorUnits }, stripePriceId: 'price_1' };
      const plan = newPlan({ code: `plan-of-${code.toLowerCase()}`, prices: [price] });
      expect(await faultOf(billing.plans.createPlan({ tenantId, plan }))).toMatchObject({
        code: 'InvalidArgument',
        fields: [`plan.prices[0].amount.${field}`],
      });
    },
  );

  it('names every invalid price', async () => {
    const prices = [
      { areaId, amount: { currencyCode: 'USD', minorUnits: 1n }, stripePriceId: 'price_1' },
      { areaId, amount: { currencyCode: 'EUR', minorUnits: -1n } },
      { areaId, amount: { currencyCode: 'EUR', minorUnits: 1n } },
    ];
    const fault = await faultOf(
      billing.plans.createPlan({ tenantId, plan: newPlan({ code: 'odd', prices }) }),
    );
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID' });
    expect(fault.fields).toEqual([
      'plan.prices[0].amount.currency_code',
      'plan.prices[1].area_id',
      'plan.prices[1].amount.minor_units',
      'plan.prices[2].area_id',
      'plan.prices[2].stripe_price_id',
    ]);
  });
});

describe('UpdatePlan', () => {
  it('changes only the fields of the mask', async () => {
    const prices = [{ areaId, amount: { currencyCode: 'EUR', minorUnits: 0n } }];
    const { plan } = await billing.plans.createPlan({
      tenantId,
      plan: newPlan({ code: 'changing', prices }),
    });
    const update = {
      id: plan?.id ?? '',
      code: 'changing',
      title: 'Silver',
      interval: PlanInterval.MONTH,
      retired: true,
    };
    const { plan: retitled } = await billing.plans.updatePlan({
      tenantId,
      plan: update,
      updateMask: { paths: ['title'] },
    });
    expect(retitled).toMatchObject({ title: 'Silver', retired: false, prices });
    const { plan: emptied } = await billing.plans.updatePlan({
      tenantId,
      plan: update,
      updateMask: { paths: ['retired', 'prices'] },
    });
    expect(emptied).toMatchObject({ retired: true, prices: [] });
    const { plan: read } = await billing.plans.getPlan({ tenantId, id: plan?.id ?? '' });
    expect(read).toEqual(emptied);
  });

  it('refuses an empty mask, an unknown field and an unknown plan', async () => {
    const id = areaId;
    const plan = newPlan({ id });
    for (const paths of [[], ['code'], ['title', 'interval']]) {
      const fault = await faultOf(billing.plans.updatePlan({ tenantId, plan, updateMask: { paths } }));
      expect(fault).toMatchObject({ code: 'InvalidArgument', fields: ['update_mask'] });
    }
    const none = billing.plans.updatePlan({ tenantId, plan, updateMask: { paths: ['title'] } });
    expect(await faultOf(none)).toMatchObject({ code: 'NotFound', reason: 'PLAN_NOT_FOUND' });
  });
});

it('lists plans by code, retired ones only on request', async () => {
  const of = { tenantId: 'shop' };
  await billing.plans.createPlan({ ...of, plan: newPlan({ code: 'b' }) });
  await billing.plans.createPlan({ ...of, plan: newPlan({ code: 'a', retired: true }) });
  const codesOf = async (withRetired: boolean) =>
    (await billing.plans.listPlans({ ...of, withRetired })).plans.map(({ code }) => code);
  expect(await codesOf(false)).toEqual(['b']);
  expect(await codesOf(true)).toEqual(['a', 'b']);
  const { nextPageToken: pageToken } = await billing.plans.listPlans({
    ...of,
    pageSize: 1,
    withRetired: true,
  });
  const mixed = billing.plans.listPlans({ ...of, pageToken, withRetired: false });
  expect(await faultOf(mixed)).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
});
