-- The ledger's statements. Each runs once for all customers of a batch, however many commands or rows there are.
-- Every join of per-customer tables is by customer_id.

-- name: lock_heads
-- The only lock of the write path, always in sorted order. It stands alone, because a distributed database takes
-- row locks in another form: this and the next are the one place to change then.
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[])
order by customer_id
for update;

-- name: lock_free_heads
-- The same lock, of those only that nobody else holds just now: who is in a long import must not hold up the others.
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[])
order by customer_id
for update skip locked;

-- name: customer_ids
select member_no, id from customers where member_no = any($1::text[]);

-- name: accounts
-- Customers with what judging them needs, nested: periods of the current rating, policies, relatives.
select
    c.id,
    c.member_no,
    l.anchor,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as periods,
    (
        select array_agg((p.policy_no, p.line, p.statuses::text) order by p.policy_no)
        from policies p
        where p.customer_id = l.customer_id
    ) as policies,
    (
        select array_agg((f.relative_id, f.name, f.relation, f.registered_on) order by f.relative_id)
        from relatives f
        where f.customer_id = l.customer_id
    ) as relatives
from ledger_heads l
join rating_heads r on r.customer_id = l.customer_id
join customers c on c.id = l.customer_id
where l.customer_id = any($1::bigint[])
order by l.customer_id;

-- name: balances
select customer_id, benefit, period, policy_no, unlimited, granted, used, held, expired
from balances
where customer_id = any($1::bigint[]) and ($2::text[] is null or benefit = any($2::text[]));

-- name: redemptions_to_decide
-- Those that commands name, the open holds that have run out, and those of the numbers that commands wish for.
select *
from redemptions
where
    customer_id = any($1::bigint[])
    and ((status = 'HELD' and expires_at <= $4)
        or (status = 'HELD' and wished_number = any($5::text[]))
        or (customer_id, sequence) in (select * from unnest($2::bigint[], $3::bigint[])));

-- name: benefits_of
-- The benefits of the redemptions that commands name.
select distinct benefit
from redemptions
where (customer_id, sequence) in (select * from unnest($1::bigint[], $2::bigint[]));

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
    as new (customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject, place)
order by place;

-- name: insert_outcomes
insert into outcomes (customer_id, actor, key, request, outcome, recorded_at, subject)
select *
from unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::text[]);

-- name: taken_now
-- Used and held units by pool, from the balances; holds that have run out by $2 no longer count.
select b.customer_id, b.benefit, b.period, b.policy_no, b.used, b.held - coalesce(o.units, 0) as held
from balances b
left join (
    select customer_id, benefit, period, policy_no, sum(units)::integer as units
    from redemptions
    where customer_id = any($1::bigint[]) and status = 'HELD' and expires_at <= $2
    group by customer_id, benefit, period, policy_no
) o
    on
        o.customer_id = b.customer_id
        and o.benefit = b.benefit
        and o.period = b.period
        and o.policy_no = b.policy_no
where b.customer_id = any($1::bigint[]) and (b.used > 0 or b.held > 0);

-- name: taken_by
-- Used and held units by pool, from the entries that had occurred before $2; a redemption that began as a hold is
-- taken from what is held. Holds that had run out before then no longer count, whether or not that is posted: one that
-- runs out at $2 itself is still held, as its EXPIRE_HOLD has occurred at $2. Each redemption is counted by itself: a
-- delivery may be told of that lies before its hold.
select
    customer_id, benefit, period, policy_no, sum(used)::integer as used, sum(held)::integer as held
from (
    select
        e.customer_id,
        e.benefit,
        e.period,
        e.policy_no,
        greatest(0, coalesce(sum(e.units) filter (where e.kind in ('REDEEM', 'NO_SHOW')), 0)
        - coalesce(sum(e.units) filter (where e.kind = 'REVERSE'), 0)) as used,
        greatest(0, coalesce(sum(e.units) filter (where e.kind = 'HOLD'), 0)
        - coalesce(
            sum(e.units) filter (
                where e.kind in ('RELEASE', 'EXPIRE_HOLD', 'NO_SHOW')
                or (e.kind = 'REDEEM' and e.redemption <> e.sequence)
            ),
            0
        )
        - coalesce(
            sum(e.units) filter (where e.kind = 'HOLD' and r.status = 'HELD' and r.expires_at < $2), 0
        )) as held
    from entries e
    left join redemptions r on r.customer_id = e.customer_id and r.sequence = e.redemption
    where e.customer_id = any($1::bigint[]) and e.occurred_at < $2 and e.redemption is not null
    group by e.customer_id, e.benefit, e.period, e.policy_no, e.redemption
) each_redemption
group by customer_id, benefit, period, policy_no;

-- name: export_snapshot
-- Names what this transaction sees, so that others can see the same until it ends.
select pg_export_snapshot();

-- name: customers_to_verify
-- The next customers by id, and heads that are no customer's (member_no null).
select coalesce(c.id, l.customer_id) as customer_id, c.member_no
from (select id, member_no from customers where id > $1 order by id limit $2) c
full join (select customer_id from ledger_heads where customer_id > $1 order by customer_id limit $2) l
    on l.customer_id = c.id
order by 1
limit $2;

-- name: rows_of_nobody
-- What stands under a customer id that is no customer's: one row for each such id and table.
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

-- name: heads_of
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[]);

-- name: milestones_of
select customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject
from milestones
where customer_id = any($1::bigint[])
order by customer_id, id;

-- name: outcomes_of
select customer_id, actor, key, outcome from outcomes where customer_id = any($1::bigint[]);
