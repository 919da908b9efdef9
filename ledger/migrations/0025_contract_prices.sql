-- What a unit costs from day to day, worked out when a term is registered: a price looked up for each delivery made a
-- match of 100,000 lines slower by a third than a join.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- Spans of one price each, of a vendor, a benefit and a variant (null: all variants); none overlaps another of the same.
create table if not exists contract_prices (
    vendor text not null,
    benefit text not null,
    variant text,
    unit_price numeric(14, 2) not null,
    starts_on date not null,
    ends_on date  -- first day after; null = open
);
create index if not exists contract_prices_by_vendor on contract_prices (vendor, benefit, starts_on);
comment on table contract_prices is 'Derived from contract_terms by price_on. Written by a trigger only.';
grant select on contract_prices to entitlements_service;

-- The spans of a contract's own variant, between the days on which one of its terms begins or ends. `price_on` says the
-- price of each; days without a price of this variant are in none.
create or replace function contract_spans(of_vendor text, of_benefit text, of_variant text)
returns table (unit_price numeric, starts_on date, ends_on date) language sql stable as $$
    with terms as (
        select t.starts_on, t.ends_on
        from contract_terms t
        where t.vendor = of_vendor and t.benefit = of_benefit and t.variant is not distinct from of_variant
    ),
    changes as (
        select starts_on as day from terms union select ends_on from terms where ends_on is not null
    )
    select price.unit_price, c.day, c.until
    from (select day, lead(day) over (order by day) as until from changes) c
    cross join lateral price_on(of_vendor, of_benefit, of_variant, c.day) price
    where price.variant is not distinct from of_variant
$$;

-- With the rights of its owner: the service registers terms, and changes no price otherwise.
create or replace function keep_contract_prices() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    delete from contract_prices
    where vendor = new.vendor and benefit = new.benefit and variant is not distinct from new.variant;
    insert into contract_prices (vendor, benefit, variant, unit_price, starts_on, ends_on)
    select new.vendor, new.benefit, new.variant, s.* from contract_spans(new.vendor, new.benefit, new.variant) s;
    return null;
end $$;
create or replace trigger contract_terms_priced after insert or update on contract_terms
    for each row execute function keep_contract_prices();
alter table contract_terms enable always trigger contract_terms_priced;

delete from contract_prices;
insert into contract_prices (vendor, benefit, variant, unit_price, starts_on, ends_on)
select t.vendor, t.benefit, t.variant, s.*
from (select distinct vendor, benefit, variant from contract_terms) t
cross join lateral contract_spans(t.vendor, t.benefit, t.variant) s;

-- As in 0023, with the price by joins: that of the variant where there is one, else that for all variants.
create or replace view deliveries as
select
    r.vendor, r.customer_id, r.sequence, r.status, r.reference, r.benefit, r.variant, r.units, r.occurred_at,
    r.delivered_on,
    coalesce(graded.unit_price, plain.unit_price) as unit_price,
    case r.units when 1 then coalesce(graded.unit_price, plain.unit_price)
        else r.units * coalesce(graded.unit_price, plain.unit_price) end as amount
from redemptions r
left join contract_prices graded on graded.vendor = r.vendor and graded.benefit = r.benefit and graded.variant = r.variant
    and graded.starts_on <= r.delivered_on
    and (graded.ends_on is null or graded.ends_on > r.delivered_on)
left join contract_prices plain on plain.vendor = r.vendor and plain.benefit = r.benefit and plain.variant is null
    and plain.starts_on <= r.delivered_on
    and (plain.ends_on is null or plain.ends_on > r.delivered_on)
where r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show;
