-- The ledger's statements. Each runs once for all customers of a batch, however many commands or rows there are.
-- Every join of per-customer tables is by customer_id.

-- name: lock_heads
-- The only lock of the write path, always in sorted order. A statement of its own, because a distributed database takes
-- row locks in another form: then only this and the next change.
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[])
order by customer_id
for update;

-- name: create_heads
-- Heads for those of the customers $1 that have none: a customer gets one in the transaction that registers them, so that
-- a lock on it always finds it.
insert into ledger_heads (customer_id)
select id from customers where id = any($1::bigint[]) order by id
on conflict do nothing;

-- name: lock_free_heads
-- The same lock, skipping heads that are locked: customers in a long import must not delay the others.
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[])
order by customer_id
for update skip locked;

-- name: customer_ids
select member_no, id from customers where member_no = any($1::text[]);

-- name: balances
select customer_id, benefit, period, policy_no, unlimited, granted, used, held, expired
from balances
where customer_id = any($1::bigint[]) and ($2::text[] is null or benefit = any($2::text[]));

-- name: redemptions_to_decide
-- The redemptions that commands name, the open holds that have run out, and the holds of numbers that commands wish
-- for.
select *
from redemptions
where
    customer_id = any($1::bigint[])
    and ((status = 'HELD' and expires_at <= $4)
        or (status = 'HELD' and wished_number = any($5::text[]))
        or (customer_id, sequence) in (select * from unnest($2::bigint[], $3::bigint[])));

-- name: outcomes
select o.customer_id, o.actor, o.key, o.request, o.outcome
from unnest($1::bigint[], $2::text[], $3::text[]) as asked (customer_id, actor, key)
join outcomes o on o.customer_id = asked.customer_id and o.actor = asked.actor and o.key = asked.key;

-- name: insert_entries
insert into entries (
    customer_id, sequence, kind, benefit, period, policy_no, units, service_year, vendor, redemption, beneficiary,
    option, reference, star, edition, details, occurred_at, recorded_at, subject, hash
)
select *
from unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::integer[], $8::integer[],
    $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::smallint[], $15::text[], $16::jsonb[],
    $17::timestamptz[], $18::timestamptz[], $19::text[], $20::bytea[]
);

-- name: upsert_balances
insert into balances (customer_id, benefit, period, policy_no, unlimited, granted, used, held, expired)
select *
from unnest(
    $1::bigint[], $2::text[], $3::integer[], $4::text[], $5::boolean[], $6::integer[], $7::integer[], $8::integer[],
    $9::integer[]
)
on conflict (customer_id, benefit, period, policy_no) do update set
    unlimited = excluded.unlimited,
    granted = excluded.granted,
    used = excluded.used,
    held = excluded.held,
    expired = excluded.expired;

-- name: upsert_redemptions
-- Evidence comes as text, because the driver would take a list of lists for an array of more dimensions.
insert into redemptions (
    customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility, wished_number,
    beneficiary, vendor, units, reference, evidence, star, edition, occurred_at, recorded_at, expires_at, reason,
    reversed_no_show
)
select
    customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility, wished_number,
    beneficiary, vendor, units, reference, evidence::jsonb, star, edition, occurred_at, recorded_at, expires_at, reason,
    reversed_no_show
from unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::integer[], $15::text[], $16::text[], $17::smallint[],
    $18::text[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::text[], $23::boolean[]
) as new (
    customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility, wished_number,
    beneficiary, vendor, units, reference, evidence, star, edition, occurred_at, recorded_at, expires_at, reason,
    reversed_no_show
)
on conflict (customer_id, sequence) do update set
    status = excluded.status,
    policy_no = excluded.policy_no, -- of a number: known once the policy is issued
    units = excluded.units,
    evidence = excluded.evidence,
    occurred_at = excluded.occurred_at,
    reason = excluded.reason,
    reversed_no_show = excluded.reversed_no_show;

-- name: update_heads
update ledger_heads h
set
    next_sequence = new.next_sequence,
    last_hash = new.last_hash,
    last_recorded_at = coalesce(new.last_recorded_at, h.last_recorded_at),
    anchor = new.anchor
from
    unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::date[])
        as new (customer_id, next_sequence, last_hash, last_recorded_at, anchor)
where h.customer_id = new.customer_id;

-- name: insert_milestones
-- In the order in which they were decided: the first of a kind is the one that counts.
insert into milestones (customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject)
select customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject
from unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[]
) with ordinality
    as new (customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject, number)
order by number;

-- name: insert_outcomes
insert into outcomes (customer_id, actor, key, request, outcome, recorded_at, subject)
select *
from unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::text[]);

-- name: heads_of
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[]);
