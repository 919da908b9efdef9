-- Contract terms stay as they were registered: an open one is no longer ended by the price that succeeds it.
-- Statements are repeatable: the record that a migration ran is written after its transaction.
--
-- What is stored already holds on the same days as before: its terms do not overlap.

-- What a unit of a benefit costs on a business day by a vendor's contract: the price of its variant where there is one,
-- else the price for all variants (`variant` null); of these the bounded term for that day, else the open one that
-- began last; no row without a price. `ledger.vendors.contracts` says the same in Python.
create or replace function price_on(of_vendor text, of_benefit text, of_variant text, on_day date)
returns table (variant text, unit_price numeric) language sql stable parallel safe as $$
    select t.variant, t.unit_price
    from contract_terms t
    where t.vendor = of_vendor and t.benefit = of_benefit and (t.variant is null or t.variant = of_variant)
        and t.starts_on <= on_day and (t.ends_on is null or t.ends_on > on_day)
    order by t.variant nulls last, t.ends_on is null, t.starts_on desc
    limit 1
$$;

-- As in 0010, with the price by the function: terms that overlap would double a delivery in a join.
create or replace view deliveries as
select
    r.vendor, r.customer_id, r.sequence, r.status, r.reference, r.benefit, r.variant, r.units, r.occurred_at,
    r.delivered_on,
    price.unit_price::numeric(14, 2) as unit_price,
    case r.units when 1 then price.unit_price else r.units * price.unit_price end as amount
from redemptions r
left join lateral price_on(r.vendor, r.benefit, r.variant, r.delivered_on) price on true
where r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show;
