-- Vendors and what they are contracted for.

-- name: vendors_by_code
-- The vendors $1 with all their terms, earliest first.
select v.code, v.name, v.registered_at, t.benefit, t.unit_price, t.starts_on, t.ends_on
from vendors v left join contract_terms t on t.vendor = v.code
where v.code = any ($1::text[])
order by v.code, t.starts_on, t.benefit

-- name: vendors_page
-- $1 vendors after the code $2 (null: from the first), by code, with all their terms.
select v.code, v.name, v.registered_at, t.benefit, t.unit_price, t.starts_on, t.ends_on
from (
    select * from vendors where $2::text is null or code > $2 order by code limit $1
) v left join contract_terms t on t.vendor = v.code
order by v.code, t.starts_on, t.benefit

-- name: last_deliveries
-- For each benefit when the vendor $1 last delivered it before the moment $2.
select benefit, max(occurred_at) as occurred_at
from entries
where vendor = $1 and occurred_at < $2 and kind = 'REDEEM'
group by benefit
