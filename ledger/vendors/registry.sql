-- Vendors and their contracts.

-- name: vendors_by_code
-- The vendors $1 with all their terms, earliest first.
select v.code, v.name, v.date_tolerance_days, t.benefit, t.variant, t.unit_price, t.starts_on, t.ends_on, t.subject
from vendors v left join contract_terms t on t.vendor = v.code
where v.code = any ($1::text[])
order by v.code, t.starts_on, t.benefit, t.variant nulls first;

-- name: contracts
-- The terms of the vendors $1, earliest first.
select vendor, benefit, variant, unit_price, starts_on, ends_on, subject
from contract_terms
where vendor = any ($1::text[])
order by vendor, starts_on, benefit, variant nulls first;

-- name: members_served
-- Those of the member numbers $2 that the vendor $1 has had a hold or delivery for.
select distinct c.member_no
from customers c join redemptions r on r.customer_id = c.id
where c.member_no = any ($2::text[]) and r.vendor = $1;

-- name: vendors_page
-- $1 vendors after the code $2 (null: from the first), by code, with all their terms.
select v.code, v.name, v.date_tolerance_days, t.benefit, t.variant, t.unit_price, t.starts_on, t.ends_on, t.subject
from (
    select * from vendors where $2::text is null or code > $2 order by code limit $1
) v left join contract_terms t on t.vendor = v.code
order by v.code, t.starts_on, t.benefit, t.variant nulls first;

-- name: delivered
-- On which of the days from $2 on, today too, the vendor $1 delivered the benefits $3, and in which variants.
select distinct benefit, variant, (occurred_at at time zone 'Asia/Shanghai')::date as day
from redemptions
where vendor = $1 and status in ('REDEEMED', 'REVERSED') and not reversed_no_show and benefit = any ($3::text[])
    and occurred_at >= $2::date::timestamp at time zone 'Asia/Shanghai';

-- name: closed_months
-- The months of the vendor $1 that are closed. Closing a month locks the vendor's row, and so does the caller here.
select month from periods where vendor = $1 and closed_at is not null;
