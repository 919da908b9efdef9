-- Look-ups of finance in the demonstration.

-- name: is_stated
select exists (select from statements where vendor = $1 and number = $2);

-- name: is_posted
select exists (select from outcomes where key = $1);

-- name: delivered
-- A vendor's own records of a month, in their order: deliveries and no-shows.
select
    c.member_no, r.benefit, r.units, (r.occurred_at at time zone 'Asia/Shanghai')::date as day, r.reference, r.status,
    coalesce(d.amount, r.units * t.unit_price, 0) as amount
from redemptions r
join customers c on c.id = r.customer_id
left join deliveries d on d.customer_id = r.customer_id and d.sequence = r.sequence
left join lateral (
    select unit_price from contract_terms
    where vendor = r.vendor and benefit = r.benefit and variant is null
    order by starts_on desc limit 1
) t on true
where r.vendor = $1 and r.occurred_at >= $2 and r.occurred_at < $3
    and r.status in ('REDEEMED', 'REVERSED', 'NO_SHOW')
order by r.occurred_at, c.member_no, r.sequence;

-- name: a_delivery
-- The first delivery of the month, to be reversed before the vendor bills it.
select customer_id, sequence
from redemptions
where vendor = $1 and occurred_at >= $2 and occurred_at < $3 and status = 'REDEEMED'
order by occurred_at, customer_id, sequence limit 1;

-- name: a_paid_delivery
-- The first of a closed month whose line simply agreed.
select m.customer_id, m.sequence
from matches m
join statements s on s.id = m.statement
join redemptions r on r.customer_id = m.customer_id and r.sequence = m.sequence
where s.vendor = $1 and r.occurred_at >= $2 and r.occurred_at < $3 and m.kind = 'MATCHED'
order by m.statement, m.line_no limit 1;

-- name: forgotten
-- What a vendor delivered in the month that begins on $2, and left out of its statement.
select c.member_no, f.benefit, d.reference, f.ledger_units as units, f.occurred_on as day, f.ledger_amount as amount
from periods p
join findings f on f.period = p.id
join customers c on c.id = f.customer_id
join redemptions d on d.customer_id = f.customer_id and d.sequence = f.sequence
where p.vendor = $1 and p.month = $2 and f.kind = 'NOT_IN_STATEMENT' and f.action is null and f.occurred_on >= p.month
order by f.occurred_on, c.member_no, f.sequence;
