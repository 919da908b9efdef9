-- Statements that record events and ratings. Each runs once for all customers of a batch. New rows of append-only tables
-- go in by COPY (see writing.py).

-- name: known_events
-- Which of the event ids $1 stand for an event already.
select event_id, customer_id, content_hash
from event_ids
where event_id = any($1::text[]);

-- name: bodies
-- The contents of the events $1.
select e.event_id, p.body
from event_ids e
join policy_events p on p.customer_id = e.customer_id and p.arrival = e.arrival
where e.event_id = any($1::text[]);

-- name: customer_ids
select member_no, id from customers where member_no = any($1::text[]);

-- name: create_customers
-- In sorted order, so that two transactions that register the same customers wait for each other without a deadlock.
-- The second one gets no row here and finds the customer of the first.
insert into customers (member_no, name, registered_on, recorded_at)
select member_no, name, registered_on, recorded_at
from unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[])
    as new (member_no, name, registered_on, recorded_at)
order by member_no
on conflict (member_no) do nothing
returning member_no, id;

-- name: lock_heads
-- The lock under which a customer's events are numbered, always taken in sorted order. It stands alone, because a
-- distributed database takes row locks in another form.
select customer_id, arrivals, version
from rating_heads
where customer_id = any($1::bigint[])
order by customer_id
for update;

-- name: stored_events
-- All events of the customers $1, their bodies as text.
select customer_id, arrival, recorded_at, body::text
from policy_events
where customer_id = any($1::bigint[])
order by customer_id, arrival;

-- name: advance_heads
update rating_heads h
set arrivals = new.arrivals, version = new.version
from unnest($1::bigint[], $2::integer[], $3::integer[]) as new (customer_id, arrivals, version)
where h.customer_id = new.customer_id;

-- name: rename_customers
update customers c
set name = new.name, registered_on = new.registered_on
from unnest($1::bigint[], $2::text[], $3::date[]) as new (id, name, registered_on)
where c.id = new.id;

-- name: change_policies
update policies p
set line = new.line, coverage = new.coverage, category = new.category, design = new.design, issued_on = new.issued_on,
    cooling_off_ends_on = new.cooling_off_ends_on, statuses = new.statuses, components = new.components
from unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[], $9::jsonb[],
    $10::jsonb[]
) as new (
    customer_id, policy_no, line, coverage, category, design, issued_on, cooling_off_ends_on, statuses, components
)
where p.customer_id = new.customer_id and p.policy_no = new.policy_no;

-- name: change_relatives
update relatives r
set name = new.name, relation = new.relation, registered_on = new.registered_on
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::date[])
    as new (customer_id, relative_id, name, relation, registered_on)
where r.customer_id = new.customer_id and r.relative_id = new.relative_id;

-- name: current_ratings
-- The current versions of the customers $1 with their periods: what a rating computed again is compared with.
select h.customer_id, p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition
from rating_heads h
join rating_periods p on p.customer_id = h.customer_id and p.version = h.version
where h.customer_id = any($1::bigint[])
order by h.customer_id, p.starts_on;
