-- Pages of entries and redemptions, and vendors' deliveries.
-- Every list is newest first, by keyset. A text between braces is filled in by reports.py, from this file only.
-- $1 is always the moment of the question: a hold that has run out by then reads as EXPIRED, posted or not.

-- name: redemption_columns
-- Of a redemption r and the registered relative rb whom it was for.
    r.sequence as r_sequence,
    case when r.status = 'HELD' and r.expires_at <= $1 then 'EXPIRED' else r.status end as r_status,
    r.benefit as r_benefit, r.variant as r_variant, r.period as r_period, r.policy_no as r_policy_no,
    r.option as r_option, r.facility as r_facility, r.wished_number as r_wished_number,
    r.vendor as r_vendor, rv.name as r_vendor_name, r.units as r_units, r.reference as r_reference, r.star as r_star, r.edition as r_edition, r.occurred_at as r_occurred_at,
    r.recorded_at as r_recorded_at, r.expires_at as r_expires_at, r.reason as r_reason,
    r.beneficiary as r_beneficiary, rb.name as r_beneficiary_name, rb.relation as r_beneficiary_relation

-- name: entries
-- A page of entries, each with its customer, vendor, beneficiary and redemption.
select
    e.customer_id, c.member_no, e.sequence, e.kind, e.benefit, e.policy_no, e.units, e.service_year,
    e.vendor, v.name as vendor_name, e.beneficiary, b.name as beneficiary_name, b.relation as beneficiary_relation,
    e.option, e.reference, e.star, e.edition, e.occurred_at, e.recorded_at, e.subject,
    {redemption_columns}
from ({page}) e
join customers c on c.id = e.customer_id
left join vendors v on v.code = e.vendor
left join relatives b on b.customer_id = e.customer_id and b.relative_id = e.beneficiary
left join redemptions r on r.customer_id = e.customer_id and r.sequence = e.redemption
left join vendors rv on rv.code = r.vendor
left join relatives rb on rb.customer_id = r.customer_id and rb.relative_id = r.beneficiary
order by e.recorded_at desc, e.customer_id desc, e.sequence desc

-- name: page_of_entries
-- Entries of all customers; $2 is how many.
select e.* from entries e
where {conditions}
order by e.recorded_at desc, e.customer_id desc, e.sequence desc
limit $2

-- name: page_of_customers
-- The same page for each of the customers $3, of one service year $4 (null: all), before the sequence $5 (null: the
-- newest); $2 is how many for each.
select e.*
from unnest($3::bigint[]) as asked (customer_id)
cross join lateral (
    select * from entries e
    where e.customer_id = asked.customer_id
      and ($4::integer is null or e.service_year = $4)
      and ($5::bigint is null or e.sequence < $5)
    order by e.sequence desc
    limit $2
) e

-- name: redemptions
-- A page of redemptions, each with its customer, vendor and beneficiary; $2 is how many.
select r.customer_id, c.member_no, {redemption_columns}
from (
    select r.* from redemptions r
    where {conditions}
    order by r.recorded_at desc, r.customer_id desc, r.sequence desc
    limit $2
) r
join customers c on c.id = r.customer_id
left join vendors rv on rv.code = r.vendor
left join relatives rb on rb.customer_id = r.customer_id and rb.relative_id = r.beneficiary
order by r.recorded_at desc, r.customer_id desc, r.sequence desc

-- name: vendor_usage
-- What the vendors $1 delivered from the moment $2 until before $3: for each benefit and price, the deliveries, their
-- units, and how many of these units were reversed since. A price is the one in force on the business day of delivery:
-- the variant's own, else the benefit's. Deliveries are added up by day before prices are looked up.
with delivered as (
    select
        r.vendor, r.benefit, r.variant, (r.occurred_at at time zone 'Asia/Shanghai')::date as day,
        count(*) as redemptions,
        sum(r.units) as units,
        coalesce(sum(r.units) filter (where r.status = 'REVERSED'), 0) as reversed_units
    from redemptions r
    where r.vendor = any ($1::text[]) and r.occurred_at >= $2 and r.occurred_at < $3
      and r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show
    group by 1, 2, 3, 4
)
select
    d.vendor, d.benefit, t.variant, t.unit_price,
    sum(d.redemptions)::bigint as redemptions,
    sum(d.units)::bigint as units,
    sum(d.reversed_units)::bigint as reversed_units
from delivered d
left join lateral price_on(d.vendor, d.benefit, d.variant, d.day) t on true
group by d.vendor, d.benefit, t.variant, t.unit_price
order by d.vendor, d.benefit, t.variant nulls first, t.unit_price
