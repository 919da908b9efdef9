-- No-shows that were told by mistake and taken back.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

--   HELD → NO_SHOW → REVERSED: nothing was delivered, so nothing is billed, and it is no reversed delivery either.
alter table redemptions add column if not exists reversed_no_show boolean not null default false;

-- As in 0008, without no-shows that were taken back.
create or replace view deliveries as
select
    r.vendor, r.customer_id, r.sequence, r.status, r.reference, r.benefit, r.variant, r.units, r.occurred_at,
    r.delivered_on,
    coalesce(graded.unit_price, plain.unit_price) as unit_price,
    case r.units when 1 then coalesce(graded.unit_price, plain.unit_price)
        else r.units * coalesce(graded.unit_price, plain.unit_price) end as amount
from redemptions r
left join contract_terms graded on graded.vendor = r.vendor and graded.benefit = r.benefit and graded.variant = r.variant
    and graded.starts_on <= r.delivered_on
    and (graded.ends_on is null or graded.ends_on > r.delivered_on)
left join contract_terms plain on plain.vendor = r.vendor and plain.benefit = r.benefit and plain.variant is null
    and plain.starts_on <= r.delivered_on
    and (plain.ends_on is null or plain.ends_on > r.delivered_on)
where r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show;
