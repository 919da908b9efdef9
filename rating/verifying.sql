-- What is read to check the histories and the ratings of customers, some hundred at a time.

-- name: customers_to_verify
-- The next $2 customers after the id $1, with what their heads say (null: no head). The heads, too, are read from there on:
-- side by side with the customers, else, from the first one.
select c.id, c.member_no, h.arrivals, h.version
from customers c
left join rating_heads h on h.customer_id = c.id and h.customer_id > $1
where c.id > $1
order by c.id
limit $2;

-- name: events_to_verify
-- The events of the customers $1, each with the hash that its id stands for (null: its id stands for another, or none).
select e.customer_id, e.arrival, e.event_id, e.type, e.effective_on, e.recorded_at, e.body::text, i.content_hash
from policy_events e
left join event_ids i on i.event_id = e.event_id and i.customer_id = e.customer_id and i.arrival = e.arrival
where e.customer_id = any($1::bigint[])
order by e.customer_id, e.arrival;

-- name: versions_to_verify
-- The rating versions of the customers $1 with their spans in order.
select
    r.customer_id,
    r.version,
    r.known_from,
    r.handbook,
    r.method,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as spans
from ratings r
where r.customer_id = any($1::bigint[])
order by r.customer_id, r.version;
