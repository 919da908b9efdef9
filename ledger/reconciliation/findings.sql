-- What a run of the match found, for a person to see: made anew each time, but for what somebody has decided.
-- rest, fits, free_lines and free_deliveries are the tables of the run at hand: see matching.sql.
--
-- What is looked up row by row in a large table stands in a lateral subquery with a fence, `offset 0`: then the order of the
-- look-ups is as written. What the planner knows of tables that are just being filled may be nothing, or wrong.

-- name: forget_undecided
delete from findings f
where f.period = $1 and f.action is null {only_findings};

-- name: forget_stated
-- What another open month of the vendor $1 missed in its statements, and has found its line here.
delete from findings f using periods p, matches m
where p.id = f.period and p.vendor = $1 and p.closed_at is null
    and f.line_no is null and f.action is null and f.kind = 'NOT_IN_STATEMENT'
    and m.customer_id = f.customer_id and m.sequence = f.sequence;

-- name: set_undecidable_aside
-- Lines that several deliveries fit, and what fits them.
create temporary table undecidable on commit drop as
select statement, line_no, customer_id, sequence, benefit, units, delivered_on, delivered_on - occurred_on as days
from fits;

-- name: forget_undecidable_lines
delete from free_lines l using undecidable u where u.statement = l.statement and u.line_no = l.line_no;

-- name: find_new_pairs
-- Pairs that this run made by reference and that differ: what they say is at hand.
insert into findings (
    period, statement, line_no, customer_id, sequence, kind, pass, benefit, occurred_on, stated_units, stated_amount,
    ledger_units, ledger_amount
)
select
    $1, r.statement, r.line_no, r.customer_id, r.sequence, r.kind, 'REFERENCE', r.benefit, r.delivered_on, r.stated_units,
    r.stated_amount, case r.kind when 'REVERSED' then 0 else r.units end, case r.kind when 'REVERSED' then 0 else r.amount end
from rest r
where r.kind <> 'MATCHED' and r.alike = 1 and r.statement = any ($2::integer[]);

-- name: find_pairs
-- All other pairs that differ, and pairs of lines that were disputed before.
insert into findings (
    period, statement, line_no, customer_id, sequence, kind, pass, benefit, occurred_on, stated_units, stated_amount,
    ledger_units, ledger_amount, carried_from, contested
)
select
    $1, m.statement, m.line_no, m.customer_id, m.sequence, m.kind, m.pass, l.benefit, d.delivered_on, l.units, l.amount,
    case m.kind when 'REVERSED' then 0 else d.units end, case m.kind when 'REVERSED' then 0 else d.amount end, m.month,
    m.contested
from (
    select m.*, null::date as month, false as contested
    from matches m
    where m.statement = any ($3::integer[]) and m.kind <> 'MATCHED'
    union all
    select
        m.*, p.month,
        m.kind = 'MATCHED' and exists (
            select from findings f
            where f.period = c.carried_from and f.statement = c.statement and f.line_no = c.line_no
                and f.kind = 'MATCHED' and f.customer_id = m.customer_id and f.sequence = m.sequence
        )
    from carryovers c
    join periods p on p.id = c.carried_from
    join lines l on l.statement = c.statement and l.line_no = c.line_no
    join matches m on m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
    where c.period = $1
) m
cross join lateral (
    -- None where a finding is there already.
    select f.period
    from (values (1)) once left join findings f on f.period = $1 and f.statement = m.statement and f.line_no = m.line_no
    where f.period is null
    offset 0
) unfound
cross join lateral (
    select * from statement_lines l where l.statement = m.statement and l.line_no = m.line_no offset 0
) l
cross join lateral (
    select * from deliveries d where d.customer_id = m.customer_id and d.sequence = m.sequence offset 0
) d
where d.vendor = $2 {only_pairs};

-- name: left_lines
-- The lines that stay without a match, to be told why.
create temporary table left_lines on commit drop as
select
    f.*, l.member_no, case when f.taken then 'DUPLICATE_LINE' end as kind, null::jsonb as candidates, null::jsonb as facts
from free_lines f
cross join lateral (
    select l.member_no from statement_lines l where l.statement = f.statement and l.line_no = f.line_no offset 0
) l;

-- name: repeat_exceptions
-- Lines that say again what was paid by exception: it is paid once.
insert into left_lines (
    statement, line_no, reference, customer_id, member_no, benefit, stated_units, stated_amount, occurred_on, taken, kind, facts
)
select distinct on (l.statement, l.line_no)
    l.statement, l.line_no, l.reference, l.customer_id, l.member_no, l.benefit, l.units, l.amount, l.occurred_on, false,
    'DUPLICATE_LINE', jsonb_build_object('why', 'EXCEPTION', 'statement', x.statement, 'line_no', x.line_no)
from exceptions x
join lines l on {repeats}
where (
        l.statement = any ($2::integer[])
        or (l.statement, l.line_no) in (select c.statement, c.line_no from carryovers c where c.period = $1)
    )
    and not exists (
        select from findings f where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no
    )
    and not exists (
        select from matches m
        where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
    )
    {only_lines}
order by l.statement, l.line_no, x.statement, x.line_no;

-- name: explain_taken
-- Their reference names a delivery that another line has.
update left_lines l set facts = t.facts, candidates = t.candidates
from (
    select
        l.statement, l.line_no, jsonb_build_object('statement', d.statement, 'line_no', d.line_no) as facts,
        jsonb_build_array(jsonb_build_array(d.customer_id, d.sequence)) as candidates
    from left_lines l
    cross join lateral (
        select m.*
        from redemptions r
        cross join lateral (
            select * from matches m where m.customer_id = r.customer_id and m.sequence = r.sequence offset 0
        ) m
        where r.customer_id = l.customer_id and r.vendor = $1 and r.reference = l.reference and r.benefit = l.benefit
        order by r.sequence
        limit 1
    ) d
    where l.taken
) t
where t.statement = l.statement and t.line_no = l.line_no;

-- name: explain_equal
-- They say what another line says, which has its delivery: same member, benefit, day and units, and no other reference. Of
-- several such lines the first.
with said as materialized (
    select m.statement, m.line_no, m.customer_id, m.sequence, r.benefit, o.occurred_on, o.units, o.reference
    from (select distinct customer_id, benefit from left_lines where kind is null and customer_id is not null) k
    cross join lateral (
        select * from redemptions r
        where r.customer_id = k.customer_id and r.benefit = k.benefit and r.vendor = $1 offset 0
    ) r
    cross join lateral (
        select * from matches m where m.customer_id = r.customer_id and m.sequence = r.sequence offset 0
    ) m
    cross join lateral (
        select * from statement_lines o where o.statement = m.statement and o.line_no = m.line_no offset 0
    ) o
),
firsts as (
    (
        select distinct on (customer_id, benefit, occurred_on, units) *, null as of_reference, true as of_any
        from said
        order by customer_id, benefit, occurred_on, units, statement, line_no
    )
    union all
    (
        select distinct on (customer_id, benefit, occurred_on, units, reference) *, reference, false
        from said
        where reference is not null
        order by customer_id, benefit, occurred_on, units, reference, statement, line_no
    )
)
update left_lines l set
    kind = 'DUPLICATE_LINE', facts = jsonb_build_object('statement', f.statement, 'line_no', f.line_no),
    candidates = jsonb_build_array(jsonb_build_array(f.customer_id, f.sequence))
from firsts f
where l.kind is null and f.customer_id = l.customer_id and f.benefit = l.benefit and f.occurred_on = l.occurred_on
    and f.units = l.stated_units and f.of_any = (l.reference is null)
    and coalesce(f.of_reference, '') = coalesce(l.reference, '');

-- name: explain_repeated
-- They say what an earlier line without a delivery says, with the same reference.
update left_lines l set kind = 'DUPLICATE_LINE', facts = jsonb_build_object('statement', t.first_statement, 'line_no', t.first_line)
from (
    select
        statement, line_no,
        first_value(statement) over same as first_statement, first_value(line_no) over same as first_line
    from left_lines
    where kind is null and reference is not null
    window same as (
        partition by reference, member_no, benefit, occurred_on, stated_units order by stated_amount, statement, line_no
    )
) t
where t.statement = l.statement and t.line_no = l.line_no and (t.first_statement, t.first_line) <> (l.statement, l.line_no);

-- name: explain_missing
-- What the ledger has instead: somebody else's delivery under this reference, or an appointment that was not delivered (a
-- no-show that was taken back is none either). A reference that several have names none of them.
update left_lines l set
    facts = jsonb_build_object(
        'why', case when t.delivered then 'OTHER' else 'NOT_DELIVERED' end,
        'status', t.status, 'member_no', t.member_no, 'benefit', t.benefit
    ),
    candidates = case when t.delivered and not t.matched
        then jsonb_build_array(jsonb_build_array(t.customer_id, t.sequence)) end
from (
    select
        r.*, c.member_no,
        exists (select from matches m where m.customer_id = r.customer_id and m.sequence = r.sequence) as matched
    from (select distinct reference from left_lines where kind is null and reference is not null) k
    cross join lateral (
        select
            k.reference, min(r.customer_id) as customer_id, min(r.sequence) as sequence, min(r.status) as status,
            min(r.benefit) as benefit, bool_and(r.delivered) as delivered
        from (
            select
                r.customer_id, r.sequence, r.status, r.benefit,
                r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show as delivered
            from redemptions r
            where r.vendor = $1 and r.reference = k.reference
            limit 2
        ) r
        having count(*) = 1
    ) r
    join customers c on c.id = r.customer_id
) t
where l.kind is null and l.reference = t.reference;

-- name: explain_unknown_members
update left_lines set facts = jsonb_build_object('why', 'UNKNOWN_MEMBER')
where kind is null and customer_id is null and facts is null;

-- name: find_left_lines
insert into findings (
    period, statement, line_no, kind, benefit, occurred_on, stated_units, stated_amount, candidates, facts, carried_from
)
select
    $1, l.statement, l.line_no, coalesce(l.kind, 'NOT_IN_LEDGER'), l.benefit, l.occurred_on, l.stated_units, l.stated_amount,
    l.candidates, l.facts, p.month
from left_lines l
left join carryovers c on c.period = $1 and c.statement = l.statement and c.line_no = l.line_no
left join periods p on p.id = c.carried_from;

-- name: find_undecidable
insert into findings (
    period, statement, line_no, kind, benefit, occurred_on, stated_units, stated_amount, candidates, carried_from
)
select
    $1, l.statement, l.line_no, 'AMBIGUOUS', l.benefit, l.occurred_on, l.units, l.amount, u.candidates, p.month
from (
    select
        statement, line_no,
        jsonb_agg(jsonb_build_array(customer_id, sequence) order by customer_id, sequence) as candidates
    from (
        select *, row_number() over (partition by statement, line_no order by abs(days), days, sequence) as place
        from undecidable
    ) nearest
    where place <= 20
    group by statement, line_no
) u
join statement_lines l on l.statement = u.statement and l.line_no = u.line_no
left join carryovers c on c.period = $1 and c.statement = l.statement and c.line_no = l.line_no
left join periods p on p.id = c.carried_from;

-- name: feeding
-- Closed months whose open month this is: nothing open lies between. What came late for them is found here.
select p.id, p.month, p.closed_at
from periods p
join periods here on here.id = $1
where p.vendor = here.vendor and p.closed_at is not null and p.month < here.month
    and not exists (
        select from periods o
        where o.vendor = p.vendor and o.closed_at is null and o.month > p.month and o.month < here.month
    )
order by p.month;

-- name: find_unstated
-- Delivered on the days $2 to before $3, and in no line.
insert into findings (
    period, customer_id, sequence, kind, benefit, occurred_on, ledger_units, ledger_amount, carried_from
)
select $1, d.customer_id, d.sequence, 'NOT_IN_STATEMENT', d.benefit, d.delivered_on, d.units, d.amount, p.month
from free_deliveries d
left join carryovers c on c.period = $1 and c.line_no is null and c.customer_id = d.customer_id and c.sequence = d.sequence
left join periods p on p.id = c.carried_from
where d.status = 'REDEEMED' and d.delivered_on >= $2 and d.delivered_on < $3
    and not exists (select from undecidable u where {undecidable})
    {unless_disputed};

-- name: find_late
-- Delivered in one of the closed months $3, which knew nothing of it; or disputed there, and carried into this period; or
-- in any of the closed months $4 that feed this period, and hidden when that closed: by a match that was parted since, by
-- a dispute that ended, or by a line in dispute that may have meant it.
insert into findings (
    period, customer_id, sequence, kind, benefit, occurred_on, ledger_units, ledger_amount, carried_from
)
select $1, d.customer_id, d.sequence, 'NOT_IN_STATEMENT', d.benefit, d.delivered_on, d.units, d.amount, d.carried_from
from (
    select d.*, null::date as carried_from
    from unnest($3::date[]) as closed (month)
    join deliveries d on d.vendor = $2
        and d.occurred_at >= closed.month::timestamp at time zone 'Asia/Shanghai'
        and d.occurred_at < (closed.month + interval '1 month')::timestamp at time zone 'Asia/Shanghai'
    where not exists (
        select from findings f
        where f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
    )
    union all
    select d.*, p.month
    from carryovers c
    join periods p on p.id = c.carried_from
    join deliveries d on d.vendor = $2 and d.customer_id = c.customer_id and d.sequence = c.sequence
    where c.period = $1 and c.line_no is null
        and not exists (
            select from findings f
            where f.period = $1 and f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
        )
    union all
    select d.*, null
    from (
        select x.matched_customer as customer_id, x.matched_sequence as sequence
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
    ) x
    join deliveries d on d.vendor = $2 and d.customer_id = x.customer_id and d.sequence = x.sequence
    cross join lateral (select date_trunc('month', d.delivered_on)::date as month) delivered
    where delivered.month = any ($4::date[])
        -- Else it is among the first.
        and (
            delivered.month <> all ($3::date[])
            or exists (
                select from findings f
                where f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
            )
        )
        and not exists (
            select from carryovers c
            where c.period = $1 and c.line_no is null and c.customer_id = d.customer_id and c.sequence = d.sequence
        )
        and not exists (
            select from findings f join periods q on q.id = f.period
            where f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
                and (q.closed_at is null or f.action <> 'DISPUTE')
        )
) d
where d.status = 'REDEEMED'
    and not exists (select from matches m where m.customer_id = d.customer_id and m.sequence = d.sequence)
    and not exists (select from undecidable u where {undecidable})
    {unless_disputed}
    {only_deliveries};

-- name: unless_disputed
-- Nor while it may be what a disputed line means. The pairs are compared one by one: `@>` takes arrays for sets, in which
-- customer 20's sequence 22 is customer 22's sequence 20.
and not exists (
    select from findings f
    where f.period = $1 and f.benefit = d.benefit and f.kind = 'AMBIGUOUS' and f.action = 'DISPUTE'
        and exists (
            select from jsonb_array_elements(f.candidates) candidate
            where candidate = jsonb_build_array(d.customer_id, d.sequence)
        )
)

-- name: find_corrections
-- Paid, in a closed month that feeds this period or by a decision in this period, and reversed since: after $4, when the
-- last of these months was closed, or disputed since then.
insert into findings (
    period, customer_id, sequence, kind, benefit, occurred_on, ledger_units, ledger_amount, carried_from
)
select
    $1, d.customer_id, d.sequence, 'REVERSED', d.benefit, d.delivered_on, -paid.units, -paid.amount, q.month
from (
    select e.customer_id, e.redemption as sequence
    from entries e
    where e.vendor = $2 and e.kind = 'REVERSE' and e.occurred_at >= $4
    union
    select c.customer_id, c.sequence from carryovers c where c.period = $1 and c.line_no is null
    union
    select f.customer_id, f.sequence
    from findings f
    where f.period = $1 and f.line_no is not null and f.sequence is not null and f.action in ('MATCH', 'ACCEPT')
) perhaps
join deliveries d on d.customer_id = perhaps.customer_id and d.sequence = perhaps.sequence
join matches m on m.customer_id = d.customer_id and m.sequence = d.sequence
join lateral (
    {paid}
) paid on paid.amount > 0
left join carryovers c on c.period = $1 and c.line_no is null and c.customer_id = d.customer_id and c.sequence = d.sequence
left join periods q on q.id = c.carried_from
where d.vendor = $2 and d.status = 'REVERSED'
    and not exists (
        select from findings f join periods p on p.id = f.period
        where f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence and f.kind = 'REVERSED'
            and not (p.closed_at is not null and f.action = 'DISPUTE')
    )
    {only_deliveries};

-- name: paid
-- What is paid for the pair m: as somebody decided in one of the closed periods $3 or in this one, or because it agreed.
    select coalesce(f.payable_units, f.stated_units) as units, coalesce(f.payable, f.stated_amount) as amount
    from findings f
    where f.statement = m.statement and f.line_no = m.line_no and f.kind <> 'REVERSED'
        and (
            f.period = any ($3::integer[] || $1::integer) and f.action in ('MATCH', 'ACCEPT')
            or f.period = any ($3::integer[]) and f.kind = 'MATCHED' and f.action is null
        )
    union all
    select l.units, l.amount
    from statement_lines l join statements s on s.id = l.statement
    where l.statement = m.statement and l.line_no = m.line_no and m.kind = 'MATCHED'
        and s.period = any ($3::integer[])
        and not exists (
            select from findings f where f.period = s.period and f.statement = l.statement and f.line_no = l.line_no
        )

-- name: forget_unfounded
-- A correction, decided on or not, lives no longer than the payment that it takes back: what pays it may be reopened.
delete from findings f
where f.period = $1 and f.line_no is null and f.kind = 'REVERSED'
    and not exists (
        select from deliveries d
        join matches m on m.customer_id = d.customer_id and m.sequence = d.sequence
        join lateral (
            {paid}
        ) paid on true
        where d.vendor = $2 and d.status = 'REVERSED' and d.customer_id = f.customer_id and d.sequence = f.sequence
            and paid.amount = -f.ledger_amount and paid.units = -f.ledger_units
    )
    {only_findings};

