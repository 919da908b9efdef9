-- Reads for replaying the ledgers of customers, some hundred at a time.

-- name: customers_to_verify
-- The next customers by id, and heads without a customer (member_no null).
select coalesce(c.id, l.customer_id) as customer_id, c.member_no
from (select id, member_no from customers where id > $1 order by id limit $2) c
full join (select customer_id from ledger_heads where customer_id > $1 order by customer_id limit $2) l
    on l.customer_id = c.id
order by 1
limit $2;

-- name: rows_of_nobody
-- Rows under a customer id that does not exist: one row for each such id and table.
select distinct e.customer_id, 'entries' as place
from entries e
where not exists (select from customers c where c.id = e.customer_id)
union all
select distinct b.customer_id, 'balances'
from balances b
where not exists (select from customers c where c.id = b.customer_id)
union all
select distinct r.customer_id, 'redemptions'
from redemptions r
where not exists (select from customers c where c.id = r.customer_id)
union all
select distinct o.customer_id, 'outcomes'
from outcomes o
where not exists (select from customers c where c.id = o.customer_id)
union all
select distinct m.customer_id, 'milestones'
from milestones m
where not exists (select from customers c where c.id = m.customer_id)
order by 1, 2;

-- name: entries_of
select *
from entries
where customer_id = any($1::bigint[])
order by customer_id, sequence;

-- name: redemptions_of
select * from redemptions where customer_id = any($1::bigint[]) order by customer_id, sequence;

-- name: milestones_of
select customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject
from milestones
where customer_id = any($1::bigint[])
order by customer_id, id;

-- name: outcomes_of
select customer_id, actor, key, outcome from outcomes where customer_id = any($1::bigint[]);
