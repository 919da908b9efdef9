-- A line and a delivery side by side, as a run of the match lays them: what either says, null where there is none. Customer
-- and benefit are the same on both sides.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

do $$
begin
    if to_regtype('fit') is null then
        create type fit as (
            statement integer, line_no integer, customer_id bigint, sequence bigint, benefit text, reference text, status text,
            stated_units integer, units integer, stated_amount numeric, amount numeric, occurred_on date, delivered_on date
        );
    end if;
end $$;

-- As in 0002; but most deliveries are of one unit, and nothing needs to be multiplied: with a million of them that is felt.
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
where r.status in ('REDEEMED', 'REVERSED');
