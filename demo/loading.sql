-- Whether the portfolio is loaded, completely or in part.

-- name: first_event
-- The id of the first event of the first customer; null when there is no customer.
select coalesce(
    (select p.event_id from policy_events p where p.customer_id = c.id order by p.arrival limit 1),
    'none'
)
from customers c
order by c.id
limit 1;

-- name: event_exists
select exists (select 1 from event_ids where event_id = $1);

-- name: reached
-- The moment of the last entry of all; null when there is none.
select nullif(max(last_recorded_at), '-infinity') from ledger_heads;

-- name: lock
-- Held during a load; a concurrent load waits, and then finds everything loaded.
select pg_advisory_lock($1);
