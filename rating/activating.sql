-- Putting editions in force: everybody is rated by them beforehand, into staging tables, and one transaction switches.

-- name: wait_for_ever
-- An activation waits for writers without a timeout. The setting ends when the connection returns to its pool.
set lock_timeout = 0;

-- name: try_to_claim
-- Claim the right to activate, if no other session has it.
select pg_try_advisory_lock(7216530117);

-- name: claim
select pg_advisory_lock(7216530117);

-- name: release
select pg_advisory_unlock(7216530117);

-- name: try_to_end_lasting
-- Whether no long transaction (an import, a match) is under way; if so, none begins until this one ends. See
-- follow_activation.
select pg_try_advisory_xact_lock(7216530116);

-- name: end_lasting
select pg_advisory_xact_lock(7216530116);

-- name: end_others
-- Wait for all other writing transactions; none begins until this one ends.
select pg_advisory_xact_lock(7216530115);

-- name: heads_count
select count(*) from rating_heads;

-- name: staged_count
-- How many customers are staged by the handbook $1 and the method $2, as they are now.
select count(*)
from rating_heads h
join staged_ratings s on s.customer_id = h.customer_id and s.arrivals = h.arrivals and s.version = h.version
where s.handbook = $1 and s.method = $2;

-- name: unstaged
-- The next $4 customers after the id $3 who are not staged by the handbook $1 and the method $2 as they are now. What is
-- staged, too, is read from there on: side by side with the heads, else, from the first one.
select h.customer_id, h.arrivals, h.version
from rating_heads h
left join staged_ratings s
    on s.customer_id = h.customer_id and s.arrivals = h.arrivals and s.version = h.version
    and s.handbook = $1 and s.method = $2 and s.customer_id > $3
where h.customer_id > $3 and s.customer_id is null
order by h.customer_id
limit $4;

-- name: events_until
-- The events of the customers $1, of each those until the arrival in $2.
select e.customer_id, e.arrival, e.recorded_at, e.body::text
from unnest($1::bigint[], $2::integer[]) as k (customer_id, arrivals)
join policy_events e on e.customer_id = k.customer_id and e.arrival <= k.arrivals
order by e.customer_id, e.arrival;

-- name: periods_of
-- The periods of the customers $1, of each those of the version in $2.
select p.customer_id, p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition
from unnest($1::bigint[], $2::integer[]) as k (customer_id, version)
join rating_periods p on p.customer_id = k.customer_id and p.version = k.version
order by p.customer_id, p.starts_on;

-- name: cooling_offs_of
select customer_id, policy_no, cooling_off_ends_on from policies where customer_id = any($1::bigint[]);

-- name: unstage_ratings
delete from staged_ratings where customer_id = any($1::bigint[]);

-- name: unstage_periods
delete from staged_periods where customer_id = any($1::bigint[]);

-- name: unstage_cooling_offs
delete from staged_cooling_offs where customer_id = any($1::bigint[]);

-- name: append_versions
-- A version, known from $1, for each timeline that differs by the handbook $2 and the method $3. It is not known before
-- the version that it follows: the clock of another machine may be ahead.
insert into ratings (customer_id, version, known_from, computed_at, handbook, method)
select s.customer_id, s.version + 1, greatest($1::timestamptz, r.known_from), $1::timestamptz, $2, $3
from staged_ratings s
left join ratings r on r.customer_id = s.customer_id and r.version = s.version
where s.changed and s.handbook = $2 and s.method = $3;

-- name: append_periods
-- The periods of those versions: by the handbook $1 and the method $2.
insert into rating_periods (customer_id, version, starts_on, ends_on, star, rated_premium, edition)
select s.customer_id, s.version + 1, p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition
from staged_ratings s
join staged_periods p on p.customer_id = s.customer_id
where s.changed and s.handbook = $1 and s.method = $2;

-- name: change_cooling_offs
-- The ends of cooling-off that differ: by the handbook $1 and the method $2.
update policies p
set cooling_off_ends_on = c.cooling_off_ends_on
from staged_ratings s
join staged_cooling_offs c on c.customer_id = s.customer_id
where s.handbook = $1 and s.method = $2 and p.customer_id = c.customer_id and p.policy_no = c.policy_no;

-- name: move_heads
-- Last, for the versions before are found by the heads' numbers: by the handbook $1 and the method $2.
update rating_heads h
set version = s.version + 1
from staged_ratings s
where h.customer_id = s.customer_id and h.version = s.version and s.changed and s.handbook = $1 and s.method = $2;

-- name: store_handbook
insert into handbooks (fingerprint, editions, recorded_at) values ($1, $2, $3) on conflict (fingerprint) do nothing;

-- name: put_in_force
insert into activations (handbook, method, activated_at) values ($1, $2, $3);

-- name: clear_ratings
delete from staged_ratings;

-- name: clear_periods
delete from staged_periods;

-- name: clear_cooling_offs
delete from staged_cooling_offs;
