-- name: 2026-12-02-refunds-by-charge
-- A refund counts as soon as its charge shows it: `refunded` includes `unseen_refunds`. Earlier versions,
-- which leave these out, may still write. `payments_to_derive` lists payments to derive again after a changed
-- rule, by the key of `payments`. The billing service works it off and reports the changes.

create or replace function refunds_fit() returns trigger language plpgsql as $$
declare broken uuid;
begin
  select p.id into broken
  from payments p join lateral (
    select coalesce(sum(r.amount) filter (where r.state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED')), 0) as live,
           coalesce(sum(r.amount) filter (where r.state = 'SUCCEEDED'), 0) as gone
    from refunds r where r.payment_id = p.id and not r.held
  ) s on true
  where p.id in (select payment_id from changed) and (s.live > p.captured or p.refunded not in (s.gone, s.gone + p.unseen_refunds))
  limit 1;
  if broken is not null then
    raise exception using errcode = 'check_violation', constraint = 'refunds_fit', table = 'refunds',
      message = format('refunds of payment %s are not what was captured and sent back', broken);
  end if;
  return null;
end $$;

create table payments_to_derive (key text primary key);

insert into payments_to_derive select stripe_payment_intent_id from payments where unseen_refunds > 0;

-- down

drop table payments_to_derive;
update payments p set refunded = s.gone, state = case
    when s.gone = 0 then 'SUCCEEDED' when s.gone < p.captured then 'PARTIALLY_REFUNDED' else 'REFUNDED' end
  from (select q.id, coalesce(sum(r.amount) filter (where r.state = 'SUCCEEDED' and not r.held), 0) as gone
    from payments q left join refunds r on r.payment_id = q.id where q.unseen_refunds > 0 group by q.id) s
  where s.id = p.id and p.refunded <> s.gone;
create or replace function refunds_fit() returns trigger language plpgsql as $$
declare broken uuid;
begin
  select p.id into broken
  from payments p join lateral (
    select coalesce(sum(r.amount) filter (where r.state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED')), 0) as live,
           coalesce(sum(r.amount) filter (where r.state = 'SUCCEEDED'), 0) as gone
    from refunds r where r.payment_id = p.id and not r.held
  ) s on true
  where p.id in (select payment_id from changed) and (s.live > p.captured or s.gone <> p.refunded)
  limit 1;
  if broken is not null then
    raise exception using errcode = 'check_violation', constraint = 'refunds_fit', table = 'refunds',
      message = format('refunds of payment %s are not what was captured and sent back', broken);
  end if;
  return null;
end $$;
