-- Deliveries, grouped as finance asks.

-- name: usage
-- Deliveries on the days from $1 until before $2, of the vendors $3, the benefits $4 and the stars $5 (null: all),
-- grouped by what $6 names; at most $7 groups, in the order of their days. They are added up by day before prices are
-- looked up: a price is that of the day and of the variant, else of the benefit.
with delivered as (
    select
        r.vendor, r.benefit, r.variant, r.star, (r.occurred_at at time zone 'Asia/Shanghai')::date as day,
        count(*) as redemptions,
        sum(r.units) as units,
        coalesce(sum(r.units) filter (where r.status = 'REVERSED'), 0) as reversed_units
    from redemptions r
    where r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show
      and r.occurred_at >= $1::date::timestamp at time zone 'Asia/Shanghai'
      and r.occurred_at < $2::date::timestamp at time zone 'Asia/Shanghai'
      and ($3::text[] is null or r.vendor = any ($3::text[]))
      and ($4::text[] is null or r.benefit = any ($4::text[]))
      and ($5::smallint[] is null or r.star = any ($5::smallint[]))
    group by 1, 2, 3, 4, 5
),
grouped as (
    select
        case when 'MONTH' = any ($6::text[]) then date_trunc('month', d.day)::date end as month,
        case when 'DAY' = any ($6::text[]) then d.day end as day,
        case when 'VENDOR' = any ($6::text[]) then d.vendor end as vendor,
        case when $6::text[] && array['BENEFIT', 'VARIANT'] then d.benefit end as benefit,
        case when 'VARIANT' = any ($6::text[]) then d.variant end as variant,
        case when 'STAR' = any ($6::text[]) then d.star end as star,
        sum(d.redemptions)::bigint as redemptions,
        sum(d.units)::bigint as units,
        sum(d.reversed_units)::bigint as reversed_units,
        coalesce(sum((d.units - d.reversed_units) * t.unit_price), 0) as amount,
        coalesce(sum(d.units - d.reversed_units) filter (where t.unit_price is null), 0)::bigint as unpriced_units
    from delivered d
    left join lateral price_on(d.vendor, d.benefit, d.variant, d.day) t on true
    group by 1, 2, 3, 4, 5, 6
)
select g.*, v.name as vendor_name
from grouped g
left join vendors v on v.code = g.vendor
order by g.month, g.day, g.vendor, g.benefit, g.variant nulls first, g.star
limit $7;
