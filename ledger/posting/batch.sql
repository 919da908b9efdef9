-- The ledger's statements. Each runs once for all customers of a batch, however many commands or rows there are: heads
-- are locked, then everything is read, then everything is written. What is read waits for the locks, so it is a statement
-- of its own: a statement sees the database as it was when the statement began.
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
-- The same lock for the customers $1 and those of the member numbers $2, skipping heads that are locked: customers in a
-- long import must not delay the others.
select c.member_no, h.customer_id, h.next_sequence, h.last_hash, nullif(h.last_recorded_at, '-infinity') as last_recorded_at,
    h.anchor
from customers c join ledger_heads h on h.customer_id = c.id
where c.id = any($1::bigint[]) or c.member_no = any($2::text[])
order by h.customer_id
for update of h skip locked;

-- name: known_customers
-- Which of the customers $1 and of the member numbers $2 exist.
select id, member_no from customers where id = any($1::bigint[]) or member_no = any($2::text[]);

-- name: read
-- What the locked customers $1 are decided by: a row for each thing, in the columns of its kind.
-- Accounts, as in `accounts`. Redemptions: the open holds that have run out by $4 or are of the numbers $5 wished for, and
-- the ones named ($2, $3); some come twice. Balances: of the benefits $6 (null: all) and of the redemptions named. Outcomes: of the keys
-- $7, $8, $9. Terms: of the vendors $10.
select
    c.id,
    c.member_no,
    l.anchor,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as spans,
    (
        select array_agg((p.policy_no, p.line, p.statuses::text) order by p.policy_no)
        from policies p
        where p.customer_id = l.customer_id
    ) as policies,
    (
        select array_agg((f.relative_id, f.name, f.relation, f.registered_on) order by f.relative_id)
        from relatives f
        where f.customer_id = l.customer_id
    ) as relatives,
    null::redemptions as redemption,
    null::balances as balance,
    null::outcomes as outcome,
    null::contract_terms as term
from ledger_heads l
join rating_heads r on r.customer_id = l.customer_id
join customers c on c.id = l.customer_id
where l.customer_id = any($1::bigint[])
union all
select null, null, null, null, null, null, r, null, null, null
from redemptions r
where r.customer_id = any($1::bigint[]) and r.status = 'HELD' and (r.expires_at <= $4 or r.wished_number = any($5::text[]))
union all
select null, null, null, null, null, null, r, null, null, null
from unnest($2::bigint[], $3::bigint[]) as named (customer_id, sequence)
join redemptions r on r.customer_id = named.customer_id and r.sequence = named.sequence
union all
select null, null, null, null, null, null, null, b, null, null
from balances b
where
    b.customer_id = any($1::bigint[])
    and ($6::text[] is null or b.benefit = any($6::text[]) or b.benefit in (
        select r.benefit
        from unnest($2::bigint[], $3::bigint[]) as named (customer_id, sequence)
        join redemptions r on r.customer_id = named.customer_id and r.sequence = named.sequence))
union all
select null, null, null, null, null, null, null, null, o, null
from unnest($7::bigint[], $8::text[], $9::text[]) as asked (customer_id, actor, key)
join outcomes o on o.customer_id = asked.customer_id and o.actor = asked.actor and o.key = asked.key
union all
select null, null, null, null, null, null, null, null, null, t
from contract_terms t
where t.vendor = any($10::text[]);

-- name: write
-- What a batch changed, all at once: its entries ($1 to $20), balances (to $29), redemptions (to $52), milestones (to $61),
-- outcomes (to $68) and heads (to $73), each as arrays of its columns. The heads' locks keep others from writing any of
-- it. Evidence comes as text, because the driver would take a list of lists for an array of more dimensions. Milestones
-- are inserted in the order in which they were decided: the first of a kind is the one that counts.
with new_entries as (
    insert into entries (
        customer_id, sequence, kind, benefit, period, policy_no, units, service_year, vendor, redemption, beneficiary,
        option, reference, star, edition, details, occurred_at, recorded_at, subject, hash
    )
    select *
    from unnest(
        $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::integer[], $8::integer[],
        $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::smallint[], $15::text[], $16::jsonb[],
        $17::timestamptz[], $18::timestamptz[], $19::text[], $20::bytea[]
    )
),
new_balances as (
    insert into balances (customer_id, benefit, period, policy_no, unlimited, granted, used, held, expired)
    select *
    from unnest(
        $21::bigint[], $22::text[], $23::integer[], $24::text[], $25::boolean[], $26::integer[], $27::integer[],
        $28::integer[], $29::integer[]
    )
    on conflict (customer_id, benefit, period, policy_no) do update set
        unlimited = excluded.unlimited,
        granted = excluded.granted,
        used = excluded.used,
        held = excluded.held,
        expired = excluded.expired
),
new_redemptions as (
    insert into redemptions (
        customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility,
        wished_number, beneficiary, vendor, units, reference, evidence, star, edition, occurred_at, recorded_at,
        expires_at, reason, reversed_no_show
    )
    select
        customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility,
        wished_number, beneficiary, vendor, units, reference, evidence::jsonb, star, edition, occurred_at, recorded_at,
        expires_at, reason, reversed_no_show
    from unnest(
        $30::bigint[], $31::bigint[], $32::text[], $33::text[], $34::text[], $35::integer[], $36::integer[],
        $37::text[], $38::text[], $39::text[], $40::text[], $41::text[], $42::text[], $43::integer[], $44::text[],
        $45::text[], $46::smallint[], $47::text[], $48::timestamptz[], $49::timestamptz[], $50::timestamptz[],
        $51::text[], $52::boolean[]
    ) as new (
        customer_id, sequence, status, benefit, variant, period, service_year, policy_no, option, facility,
        wished_number, beneficiary, vendor, units, reference, evidence, star, edition, occurred_at, recorded_at,
        expires_at, reason, reversed_no_show
    )
    on conflict (customer_id, sequence) do update set
        status = excluded.status,
        policy_no = excluded.policy_no, -- of a number: known once the policy is issued
        units = excluded.units,
        evidence = excluded.evidence,
        occurred_at = excluded.occurred_at,
        reason = excluded.reason,
        reversed_no_show = excluded.reversed_no_show
),
new_milestones as (
    insert into milestones (
        customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject
    )
    select customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject
    from unnest(
        $53::bigint[], $54::bigint[], $55::text[], $56::timestamptz[], $57::timestamptz[], $58::text[], $59::text[],
        $60::timestamptz[], $61::text[]
    ) with ordinality
        as new (customer_id, redemption, kind, occurred_at, appointment_at, actor, key, recorded_at, subject, number)
    order by number
),
new_outcomes as (
    insert into outcomes (customer_id, actor, key, request, outcome, recorded_at, subject)
    select *
    from unnest(
        $62::bigint[], $63::text[], $64::text[], $65::jsonb[], $66::jsonb[], $67::timestamptz[], $68::text[]
    )
)
update ledger_heads h
set
    next_sequence = new.next_sequence,
    last_hash = new.last_hash,
    last_recorded_at = coalesce(new.last_recorded_at, h.last_recorded_at),
    anchor = new.anchor
from
    unnest($69::bigint[], $70::bigint[], $71::bytea[], $72::timestamptz[], $73::date[])
        as new (customer_id, next_sequence, last_hash, last_recorded_at, anchor)
where h.customer_id = new.customer_id;

-- name: balances
select customer_id, benefit, period, policy_no, unlimited, granted, used, held, expired
from balances
where customer_id = any($1::bigint[]) and ($2::text[] is null or benefit = any($2::text[]));

-- name: heads_of
select customer_id, next_sequence, last_hash, nullif(last_recorded_at, '-infinity') as last_recorded_at, anchor
from ledger_heads
where customer_id = any($1::bigint[]);
