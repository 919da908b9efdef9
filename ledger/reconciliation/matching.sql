-- The match: what a run reads and writes. What is paired and what is found, ledger.reconciliation.match decides.
--
-- The statements run in this order, and as they stand. A run has tables of its own: `concerned`, the members and benefits
-- that it is about, `in_question`, those that are not paired in bulk, `waiting`, the lines that are free, and `free`, the
-- deliveries that are.

-- name: period
select vendor, month from periods where id = $1;

-- name: by_index
-- For a run over few lines: rows are found by an index, whatever the planner believes of tables that are just being filled.
select
    set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true);

-- name: all_at_once
-- For a run over many lines: each table is read once, in memory and on all cores.
select
    set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
    set_config('work_mem', '256MB', true), set_config('parallel_setup_cost', '0', true),
    set_config('parallel_tuple_cost', '0', true), set_config('min_parallel_table_scan_size', '1MB', true);

-- name: default_plans
-- The statements that follow in the transaction may use every kind of plan again.
select
    set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('enable_seqscan', 'on', true);

-- name: statements
-- The statements of the period $1 of the vendor $2 that count: how many lines they have, the first day of the month $3, of
-- these lines and of those carried on, and the vendor's tolerance.
select
    coalesce(array_agg(s.id order by s.id), '{}') as ids,
    coalesce(sum(s.lines), 0)::bigint as lines,
    least($3::date, min(s.first_day), min(c.first_day)) as first_day,
    (select v.date_tolerance_days from vendors v where v.code = $2) as tolerance_days
from (
    select min(l.occurred_on) as first_day
    from carryovers c join statement_lines l on l.statement = c.statement and l.line_no = c.line_no
    where c.period = $1
) c
left join statements s on s.period = $1 and not exists (select from withdrawals w where w.statement = s.id);

-- name: feeding
-- Closed months whose open month the period $1 is: nothing open lies between. What came late for them is found here.
select p.id, p.month, p.closed_at
from periods p
join periods here on here.id = $1
where p.vendor = here.vendor and p.closed_at is not null and p.month < here.month
    and not exists (
        select from periods o
        where o.vendor = p.vendor and o.closed_at is null and o.month > p.month and o.month < here.month
    )
order by p.month;

-- name: clean_up
drop table if exists concerned, waiting, free, agreeing, in_question;

-- name: make_concerned
create temporary table concerned (
    key integer generated always as identity, member_no text not null, customer_id bigint, benefit text not null
) on commit drop;

-- name: know_members
-- Lines of the statements $2 or carried into the period $1 whose member was registered after the statement came.
insert into line_members (statement, line_no, customer_id)
select l.statement, l.line_no, c.id
from statement_lines l join customers c on c.member_no = l.member_no
where l.customer_id is null
    and (
        l.statement = any ($2::integer[])
        or (l.statement, l.line_no) in (select o.statement, o.line_no from carryovers o where o.period = $1)
    )
on conflict do nothing;

-- name: make_in_question
-- The members and benefits for which more than a line and a delivery is in question: the vendor $1 was paid something by
-- exception, credited a line, or reversed a delivery. They are decided member by member, never in bulk.
create temporary table in_question on commit drop as
select c.id as customer_id, x.benefit
from excepted_lines x join customers c on c.member_no = x.member_no
where x.vendor = $1
union
select c.id, l.benefit
from statement_lines l join customers c on c.member_no = l.member_no
where l.units < 0
union
select r.customer_id, r.benefit from redemptions r where r.vendor = $1 and r.status = 'REVERSED';

-- name: make_agreeing
-- Pass REFERENCE, in bulk: a free line of the statements $3 and a free delivery of the vendor $2 from $4 to before $5 that
-- agree in everything, where no other pair of the member agrees under the same reference, and no more is in question.
create temporary table agreeing on commit drop as
select customer_id, sequence, statement, line_no
from (
    select
        l.customer_id, d.sequence, l.statement, l.line_no,
        count(*) over (partition by l.customer_id, l.reference) as alike
    from lines l
    join deliveries d on d.customer_id = l.customer_id and d.benefit = l.benefit and d.reference = l.reference
        and d.delivered_on = l.occurred_on and d.units = l.units and d.amount = l.amount
    where l.statement = any ($3::integer[])
        and d.vendor = $2 and d.status = 'REDEEMED' and d.occurred_at >= $4 and d.occurred_at < $5
        and not exists (
            select from matches m
            where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
                and m.line_part = 0
        )
        and not exists (select from matches m where m.customer_id = d.customer_id and m.sequence = d.sequence)
        and not exists (
            select from findings f
            where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no and f.action is not null
        )
        and not exists (
            select from findings f
            where f.period = $1 and f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
                and f.action is not null
        )
        and not exists (select from in_question q where q.customer_id = l.customer_id and q.benefit = l.benefit)
) agreeing
where alike = 1;

-- name: match_what_agrees
-- In the order in which they were found, which is that of customers: so both keys are filled from left to right.
insert into matches (customer_id, sequence, statement, line_no, pass, kind)
select customer_id, sequence, statement, line_no, 'REFERENCE', 'MATCHED' from agreeing;

-- name: make_waiting
-- The free lines of the statements $2 or carried into the period $1: all ($3), or those that are concerned.
create temporary table waiting on commit drop as
select l.statement, l.line_no, l.reference, l.member_no, l.customer_id, l.benefit, l.units, l.occurred_on, l.amount
from lines l
where (
        l.statement = any ($2::integer[])
        or (l.statement, l.line_no) in (select c.statement, c.line_no from carryovers c where c.period = $1)
    )
    and ($3::boolean or (l.member_no, l.benefit) in (select k.member_no, k.benefit from concerned k))
    and not exists (
        select from matches m
        where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no and m.line_part = 0
    )
    and not exists (
        select from findings f
        where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no and f.action is not null
    );

-- name: make_free
-- The free deliveries of the vendor $2 from $3 to before $4. $1 is the period.
create temporary table free on commit drop as
select d.customer_id, d.sequence, d.benefit, d.reference, d.units, d.amount, d.occurred_at, d.delivered_on
from deliveries d
where d.vendor = $2 and d.status = 'REDEEMED' and d.occurred_at >= $3 and d.occurred_at < $4
    and not exists (select from matches m where m.customer_id = d.customer_id and m.sequence = d.sequence)
    and not exists (
        select from findings f
        where f.period = $1 and f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
            and f.action is not null
    );

-- name: match_what_agrees_alone
-- Pass EXACT, in bulk: a waiting line without a reference and a free delivery that agree in everything, each the only one of
-- its member, benefit, day and units, where no other line names the delivery's reference, and no more is in question.
with lines as (
    select w.*, count(*) over (partition by w.customer_id, w.benefit, w.occurred_on, w.units) as alike
    from waiting w
    where w.customer_id is not null
),
deliveries as (
    select f.*, count(*) over (partition by f.customer_id, f.benefit, f.delivered_on, f.units) as alike
    from free f
),
paired as (
    insert into matches (customer_id, sequence, statement, line_no, pass, kind)
    select l.customer_id, d.sequence, l.statement, l.line_no, 'EXACT', 'MATCHED'
    from lines l
    join deliveries d on d.customer_id = l.customer_id and d.benefit = l.benefit and d.delivered_on = l.occurred_on
        and d.units = l.units and d.amount = l.amount
    where l.reference is null and l.alike = 1 and d.alike = 1
        and not exists (
            select from waiting o
            where o.customer_id = d.customer_id and o.benefit = d.benefit and o.reference = d.reference
        )
        and not exists (select from in_question q where q.customer_id = l.customer_id and q.benefit = l.benefit)
    order by l.customer_id, d.sequence
    returning customer_id, sequence, statement, line_no
),
waiting_no_more as (
    delete from waiting w using paired p where p.statement = w.statement and p.line_no = w.line_no
)
delete from free f using paired p where p.customer_id = f.customer_id and p.sequence = f.sequence;

-- name: concern
-- Whom the free lines are about, and those of whom more may be found: of each redemption that is named below, the member
-- and the benefit. $1 is the period, $2 its vendor, $3 when its month begins, $4 its statements, $5 the closed months of which
-- something may have come late, $6 since when.
insert into concerned (member_no, customer_id, benefit)
select member_no, max(customer_id), benefit
from (
    select w.member_no, w.customer_id, w.benefit from waiting w
    union all
    select l.member_no, l.customer_id, l.benefit
    from findings f join lines l on l.statement = f.statement and l.line_no = f.line_no
    where f.period = $1 and f.sequence is null and f.action is null
    union all
    select c.member_no, r.customer_id, r.benefit
    from (
        -- Delivered this month, and in no line.
        select f.customer_id, f.sequence from free f where f.occurred_at >= $3
        union
        -- Delivered in a closed month, and in no line.
        select d.customer_id, d.sequence
        from unnest($5::date[]) as closed (month)
        join redemptions d on d.vendor = $2 and d.status = 'REDEEMED'
            and d.occurred_at >= closed.month::timestamp at time zone 'Asia/Shanghai'
            and d.occurred_at < (closed.month + interval '1 month')::timestamp at time zone 'Asia/Shanghai'
        where not exists (select from matches m where m.customer_id = d.customer_id and m.sequence = d.sequence)
        union
        -- Pairs that differ, those that rest on another line, which may be gone, and those whose delivery was reversed.
        select m.customer_id, m.sequence
        from matches m
        where m.statement = any ($4::integer[]) and (m.kind <> 'MATCHED' or m.pass = 'GROUP' or m.delivery_part > 0)
        union
        select d.customer_id, d.sequence
        from redemptions d join matches m on m.customer_id = d.customer_id and m.sequence = d.sequence
        where d.vendor = $2 and d.status = 'REVERSED' and m.statement = any ($4::integer[])
        union
        -- What was found or decided before, here or in a month from which it was carried on.
        select f.customer_id, f.sequence
        from findings f
        where f.period = $1 and f.sequence is not null and (f.action is distinct from 'DISPUTE' or f.line_no is null)
        union
        select c.customer_id, c.sequence from carryovers c where c.period = $1 and c.line_no is null
        union
        select m.customer_id, m.sequence
        from carryovers c
        join lines l on l.statement = c.statement and l.line_no = c.line_no
        join matches m on m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
            and m.line_part = 0
        where c.period = $1
        union
        -- What a pair by hand, a dispute, or a line in dispute that may have meant it hid in an earlier month.
        select x.matched_customer, x.matched_sequence
        from periods p join decisions x on x.period = p.id and x.action = 'MATCH'
        where p.vendor = $2
        union
        select c.customer_id, c.sequence
        from periods p join carryovers c on c.period = p.id and c.line_no is null
        where p.vendor = $2
        union
        select (candidate ->> 0)::bigint, (candidate ->> 1)::bigint
        from periods p
        join carryovers c on c.period = p.id
        join findings f on f.period = c.carried_from and f.statement = c.statement and f.line_no = c.line_no
            and f.kind = 'AMBIGUOUS'
        cross join jsonb_array_elements(f.candidates) candidate
        where p.vendor = $2
        union
        -- Reversed since: it may have been paid.
        select e.customer_id, e.redemption
        from entries e
        where e.vendor = $2 and e.kind = 'REVERSE' and e.occurred_at >= $6
    ) named
    join redemptions r on r.customer_id = named.customer_id and r.sequence = named.sequence
    join customers c on c.id = r.customer_id
) about
group by member_no, benefit
order by max(customer_id), benefit;

-- name: concern_carried
-- Of lines that were carried into the period $1 and are concerned: whose delivery they were paired with by hand.
insert into concerned (member_no, customer_id, benefit)
select distinct c.member_no, r.customer_id, r.benefit
from carryovers o
join lines l on l.statement = o.statement and l.line_no = o.line_no
join concerned k on k.member_no = l.member_no and k.benefit = l.benefit
join matches m on m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no and m.line_part = 0
join redemptions r on r.customer_id = m.customer_id and r.sequence = m.sequence
join customers c on c.id = r.customer_id
where o.period = $1 and (c.member_no, r.benefit) not in (select d.member_no, d.benefit from concerned d);

-- name: forget_undecided
-- What was found of those concerned and nobody has decided on: it is found anew. A pair belongs to its delivery's member. Two
-- joins, not one with OR: that would look through `concerned` for each finding.
delete from findings f
using (
    select u.ctid as found
    from findings u
    join statement_lines l on l.statement = u.statement and l.line_no = u.line_no
    join concerned k on k.member_no = l.member_no and k.benefit = l.benefit
    where u.period = $1 and u.action is null and u.sequence is null
    union all
    select u.ctid
    from findings u
    join redemptions r on r.customer_id = u.customer_id and r.sequence = u.sequence
    join concerned k on k.customer_id = r.customer_id and k.benefit = r.benefit
    where u.period = $1 and u.action is null
) about
where f.ctid = about.found;

-- name: sides
-- Everything that the match of those concerned looks at, one after the other: free lines (LINE), lines paid by exception
-- (EXCEPTED), what a line in dispute may mean (DISPUTED), what somebody decided to take back (CORRECTION), and deliveries,
-- free (DELIVERY) or each with a line (PAIR). $1 is the period, $2 its vendor, $3 its statements, $4 the closed periods
-- that feed it.
with credited as (
    select k.key from concerned k
    where exists (
        select from statement_lines l where l.member_no = k.member_no and l.benefit = k.benefit and l.units < 0
    )
),
carried_lines as (
    select c.statement, c.line_no, p.month, a.customer_id, a.sequence
    from carryovers c
    join periods p on p.id = c.carried_from
    left join findings a on a.period = c.carried_from and a.statement = c.statement and a.line_no = c.line_no
        and a.kind = 'MATCHED'
    where c.period = $1 and c.line_no is not null
),
carried_deliveries as (
    select c.customer_id, c.sequence, p.month
    from carryovers c join periods p on p.id = c.carried_from
    where c.period = $1 and c.line_no is null
),
beside as (
    select
        k.key, 'LINE' as what, w.statement, w.line_no, w.reference as line_reference, w.member_no, w.benefit as line_benefit,
        w.units as line_units, w.amount as line_amount, w.occurred_on, w.customer_id is not null as known_member,
        null::bigint as customer_id, null::bigint as sequence, null as reference, null as benefit, null::integer as units,
        null::numeric as amount, null::date as delivered_on, false as reversed, null::match_pass as pass,
        null::pair_kind as kind, false as open, null::jsonb as candidates, null::smallint as line_part,
        null::smallint as delivery_part
    from waiting w join concerned k on k.member_no = w.member_no and k.benefit = w.benefit
    union all
    select
        k.key, case when m.sequence is null then 'DELIVERY' else 'PAIR' end, m.statement, m.line_no, l.reference, l.member_no,
        l.benefit, l.units, l.amount, l.occurred_on, true,
        d.customer_id, d.sequence, d.reference, d.benefit, d.units, d.amount, d.delivered_on, d.status = 'REVERSED', m.pass,
        m.kind,
        decided.period is null and (m.statement = any ($3::integer[]) or c.statement is not null), null, m.line_part,
        m.delivery_part
    from concerned k
    join deliveries d on d.customer_id = k.customer_id and d.benefit = k.benefit and d.vendor = $2
    left join matches m on m.customer_id = d.customer_id and m.sequence = d.sequence
    left join statement_lines l on l.statement = m.statement and l.line_no = m.line_no
    left join findings decided on decided.period = $1 and decided.statement = m.statement and decided.line_no = m.line_no
        and decided.action is not null
    left join carried_lines c on c.statement = m.statement and c.line_no = m.line_no
    where m.sequence is not null
        or not exists (
            select from findings f
            where f.period = $1 and f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
                and f.action is not null
        )
    union all
    select
        k.key, 'EXCEPTED', x.statement, x.line_no, x.reference, x.member_no, x.benefit, x.units, x.amount, x.occurred_on, true,
        null, null, null, null, null, null, null, false, null, null, false, null, null, null
    from excepted_lines x join concerned k on k.member_no = x.member_no and k.benefit = x.benefit
    where x.vendor = $2
    union all
    select
        k.key, 'DISPUTED', null, null, null, null, null, null, null, null, true,
        null, null, null, null, null, null, null, false, null, null, false, f.candidates, null, null
    from findings f
    join statement_lines l on l.statement = f.statement and l.line_no = f.line_no
    join concerned k on k.member_no = l.member_no and k.benefit = l.benefit
    where f.period = $1 and f.kind = 'AMBIGUOUS' and f.action = 'DISPUTE'
    union all
    select
        k.key, 'CORRECTION', null, null, null, null, null, null, null, null, true,
        f.customer_id, f.sequence, null, f.benefit, -f.ledger_units, -f.ledger_amount, null, true, null, null, false, null,
        null, null
    from findings f
    join redemptions r on r.customer_id = f.customer_id and r.sequence = f.sequence
    join concerned k on k.customer_id = r.customer_id and k.benefit = r.benefit
    where f.period = $1 and f.line_no is null and f.kind = 'REVERSED' and f.action is not null
)
select
    b.*, cl.month as line_carried_from, cl.customer_id as agreed_customer, cl.sequence as agreed_sequence,
    cd.month as carried_from, e.customer_id as other_customer, e.sequence as other_sequence,
    e.member_no as other_member_no, e.benefit as other_benefit, e.status as other_status, e.delivered as other_delivered,
    paid.units as paid_units, paid.amount as paid_amount,
    b.what = 'PAIR' and b.reversed and exists (
        select from findings f join periods p on p.id = f.period
        where f.line_no is null and f.customer_id = b.customer_id and f.sequence = b.sequence and f.kind = 'REVERSED'
            and not (p.closed_at is not null and f.action = 'DISPUTE')
    ) as corrected,
    b.what = 'DELIVERY' and exists (
        select from findings f join periods p on p.id = f.period
        where f.line_no is null and f.customer_id = b.customer_id and f.sequence = b.sequence
            and not (p.closed_at is not null and f.action = 'DISPUTE')
    ) as found_before
from beside b
left join carried_lines cl on cl.statement = b.statement and cl.line_no = b.line_no
left join carried_deliveries cd on cd.customer_id = b.customer_id and cd.sequence = b.sequence
left join lateral sole_bearer($2, b.line_reference) e on b.what = 'LINE' or b.what = 'PAIR' and b.open and b.reversed
left join lateral paid_for(b.statement, b.line_no, b.kind, $1, $4::integer[]) paid
    on b.what = 'PAIR' and (b.reversed or b.pass = 'GROUP' or b.pass = 'HAND' or b.key in (select key from credited))
order by b.key;

-- name: unmatch
-- Pairs that are none any more: of the customers $1 the lines $2, $3.
delete from matches m using unnest($1::bigint[], $2::integer[], $3::integer[]) as unmatched (customer_id, statement, line_no)
where m.customer_id = unmatched.customer_id and m.statement = unmatched.statement and m.line_no = unmatched.line_no;

-- name: change
-- Pairs that differ otherwise than before: of the customers $1 the lines $2, $3, and the kinds $4.
update matches m set kind = changed.kind::pair_kind
from unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[]) as changed (customer_id, statement, line_no, kind)
where m.customer_id = changed.customer_id and m.statement = changed.statement and m.line_no = changed.line_no;

-- name: forget_unfounded
-- Corrections in the period $1 of the redemptions $2, $3, decided on or not: what they take back was not paid.
delete from findings f using unnest($2::bigint[], $3::bigint[]) as unfounded (customer_id, sequence)
where f.period = $1 and f.line_no is null and f.kind = 'REVERSED'
    and f.customer_id = unfounded.customer_id and f.sequence = unfounded.sequence;

-- name: forget_stated
-- What another open month of the vendor $1 missed in its statements, and has found its line here.
delete from findings f using periods p, matches m
where p.id = f.period and p.vendor = $1 and p.closed_at is null
    and f.line_no is null and f.action is null and f.kind = 'NOT_IN_STATEMENT'
    and m.customer_id = f.customer_id and m.sequence = f.sequence;

-- name: forget_taken
-- What a reference leads to is no candidate of its line once another line has it.
update findings f set candidates = null
where f.period = $1 and f.kind = 'NOT_IN_LEDGER' and f.action is null and f.candidates is not null
    and exists (
        select from matches m
        where m.customer_id = (f.candidates #>> '{0,0}')::bigint and m.sequence = (f.candidates #>> '{0,1}')::bigint
    );

-- name: reconciled
update periods set reconciled_at = $2 where id = $1;
