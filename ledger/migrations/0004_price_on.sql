-- What a unit of a benefit costs on a business day by a vendor's contract: the price of its variant where there is one,
-- else the price for all variants (`variant` null); no row without a price. Terms never overlap.
--
-- The rule is here for whoever looks a price up for a row; the view `deliveries` says the same as joins, for whole
-- months. It is a plain SELECT, which the planner takes into the statement that asks: it costs what writing it out did.
create or replace function price_on(of_vendor text, of_benefit text, of_variant text, on_day date)
returns table (variant text, unit_price numeric) language sql stable parallel safe as $$
    select t.variant, t.unit_price
    from contract_terms t
    where t.vendor = of_vendor and t.benefit = of_benefit and (t.variant is null or t.variant = of_variant)
        and t.starts_on <= on_day and (t.ends_on is null or t.ends_on > on_day)
    order by t.variant nulls last
    limit 1
$$;
