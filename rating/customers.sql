-- Reads for front ends, each set-based: one statement, however many customers are asked for.

-- name: customers_by_member_no
select id, member_no, name, registered_on from customers where member_no = any($1::text[]);

-- name: rated_customers_by_member_no
-- The same with the rating as known now.
select
    c.id,
    c.member_no,
    c.name,
    c.registered_on,
    v.known_from,
    v.handbook,
    v.computed_at,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = v.customer_id and p.version = v.version
    ) as spans
from customers c
left join rating_heads h on h.customer_id = c.id
left join ratings v on v.customer_id = h.customer_id and v.version = h.version
where c.member_no = any($1::text[]);

-- name: customers_by_id
select id, member_no, name, registered_on from customers where id = any($1::bigint[]);

-- name: customers_page
-- At most $1 customers after the member number $2 (null: from the first), by member number. $3 null or the stars wanted
-- on the day $4. A customer without a period on the day has star 0.
select c.id, c.member_no, c.name, c.registered_on
from customers c
where c.member_no > coalesce($2::text, '')
  and (
      $3::smallint[] is null
      or coalesce(
          (
              select p.star
              from rating_heads h
              join rating_periods p on p.customer_id = h.customer_id and p.version = h.version
              where h.customer_id = c.id and p.starts_on <= $4
              order by p.starts_on desc
              limit 1
          ),
          0
      ) = any($3)
  )
order by c.member_no
limit $1;

-- name: customers_page_of_members
-- As customers_page, of the member numbers $5.
select c.id, c.member_no, c.name, c.registered_on
from customers c
where c.member_no = any($5::text[])
  and c.member_no > coalesce($2::text, '')
  and (
      $3::smallint[] is null
      or coalesce(
          (
              select p.star
              from rating_heads h
              join rating_periods p on p.customer_id = h.customer_id and p.version = h.version
              where h.customer_id = c.id and p.starts_on <= $4
              order by p.starts_on desc
              limit 1
          ),
          0
      ) = any($3)
  )
order by c.member_no
limit $1;

-- name: customers_after
-- The next $2 customers after the id $1.
select id from customers where id > $1 order by id limit $2;

-- name: customers_count
select count(*) from customers;

-- name: ratings
-- For each key, a customer $1 and a moment $2 (null: as known now), the version known then with its spans in
-- order, and by which handbook it was computed, and when.
select
    k.number,
    r.known_from,
    r.handbook,
    r.computed_at,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = k.customer_id and p.version = r.version
    ) as spans
from unnest($1::bigint[], $2::timestamptz[]) with ordinality as k (customer_id, known_at, number)
cross join lateral (
    select v.version, v.known_from, v.handbook, v.computed_at
    from ratings v
    where v.customer_id = k.customer_id and (k.known_at is null or v.known_from <= k.known_at)
    order by v.version desc
    limit 1
) r;

-- name: histories
-- For each key, a customer $1 and a moment $2 (null: as known now), the events recorded until then.
select k.number, e.arrival, e.recorded_at, e.body::text
from unnest($1::bigint[], $2::timestamptz[]) with ordinality as k (customer_id, known_at, number)
join policy_events e on e.customer_id = k.customer_id and (k.known_at is null or e.recorded_at <= k.known_at)
order by k.number, e.arrival;

-- name: policies
select
    customer_id, policy_no, line, coverage, category, design, issued_on, cooling_off_ends_on, statuses, components
from policies
where customer_id = any($1::bigint[])
order by customer_id, issued_on, policy_no;

-- name: relatives
select customer_id, relative_id, name, relation, registered_on
from relatives
where customer_id = any($1::bigint[])
order by customer_id, registered_on, relative_id;
