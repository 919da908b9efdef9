-- Traces of wrong clocks. The statements of `verify` read whole tables; the first one runs often.

-- name: moments
-- The database's clock, and the moment of the entry that is latest by its own clock (null: there is none): one step down
-- the index entries_newest_first.
select
    clock_timestamp() as database_now,
    (select recorded_at from entries order by recorded_at desc, customer_id desc, sequence desc limit 1) as newest;

-- name: booked_ahead
-- Redemptions dated after the moment $1 that take units: up to $2 of them, and how many there are.
select r.customer_id, c.member_no, r.sequence, r.status, r.occurred_at as moment, count(*) over () as total
from redemptions r join customers c on c.id = r.customer_id
where
    r.occurred_at > $1
    and (r.status in ('REDEEMED', 'NO_SHOW') or (r.status = 'HELD' and r.expires_at > $1))
order by r.customer_id, r.sequence
limit $2;

-- name: recorded_ahead
-- Customers with entries that were recorded after the moment $1: which, how many, and until when.
select
    e.customer_id, c.member_no, min(e.sequence) as first, max(e.sequence) as last, count(*) as entries,
    max(e.recorded_at) as moment, count(*) over () as total
from entries e join customers c on c.id = e.customer_id
where e.recorded_at > $1
group by e.customer_id, c.member_no
order by e.customer_id
limit $2;

-- name: events_ahead
-- Customers with policy events that are known only from a moment after $1.
select
    e.customer_id, c.member_no, min(e.arrival) as first, max(e.arrival) as last, count(*) as events,
    max(e.recorded_at) as moment, count(*) over () as total
from policy_events e join customers c on c.id = e.customer_id
where e.recorded_at > $1
group by e.customer_id, c.member_no
order by e.customer_id
limit $2;

-- name: anchors_ahead
-- Customers whose service years count from a day after $1.
select h.customer_id, c.member_no, h.anchor, count(*) over () as total
from ledger_heads h join customers c on c.id = h.customer_id
where h.anchor > $1
order by h.customer_id
limit $2;

-- name: ran_back
-- Entries that were recorded more than $1 before the preceding entry.
select e.customer_id, c.member_no, e.sequence, e.back, count(*) over () as total
from (
    select
        customer_id, sequence,
        lag(recorded_at) over (partition by customer_id order by sequence) - recorded_at as back
    from entries
) e join customers c on c.id = e.customer_id
where e.back > $1
order by e.customer_id, e.sequence
limit $2;
