-- Closing a period: payments, carryovers, and the seal.

-- name: open_findings
-- Open findings: how many, and the first ten.
select
    count(*) over () as total, f.kind, f.line_no, s.number, f.reference_of, f.member_no
from (
    select
        f.kind, f.statement, f.line_no, f.sequence, r.reference as reference_of,
        coalesce(l.member_no, c.member_no) as member_no
    from findings f
    left join statement_lines l on l.statement = f.statement and l.line_no = f.line_no
    left join customers c on c.id = f.customer_id
    left join redemptions r on r.customer_id = f.customer_id and r.sequence = f.sequence
    where f.period = $1 and f.waits
) f
left join statements s on s.id = f.statement
order by f.statement nulls last, f.line_no, f.member_no, f.sequence
limit 10;

-- name: settlement_lines
-- What the period $1 pays, by benefit, month of delivery, and whether it corrects an earlier payment.
select
    benefit, date_trunc('month', occurred_on)::date as occurred_in, correction,
    sum(units)::bigint as units, sum(amount) as amount
from (
    select l.benefit, l.occurred_on, false as correction, l.units, l.amount
    from statements s
    join lines l on l.statement = s.id
    join matches m on m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
    where s.period = $1 and m.kind = 'MATCHED' and m.line_part = 0
        and not exists (select from withdrawals w where w.statement = s.id)
        and not exists (
            select from findings f where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no
        )
    union all
    select
        f.benefit, f.occurred_on, f.line_no is null and f.kind = 'REVERSED' or coalesce(f.stated_units < 0, false),
        case when f.kind = 'MATCHED' and f.action is null then f.stated_units else f.payable_units end,
        case when f.kind = 'MATCHED' and f.action is null then f.stated_amount else f.payable end
    from findings f
    where f.period = $1
) paid
where units <> 0 or amount <> 0
group by 1, 2, 3
order by 1, 2, 3;

-- name: carried_forward
-- What is in dispute: what was stated, else what the ledger says.
select coalesce(sum(coalesce(stated_amount, ledger_amount)), 0)::numeric(24, 2)
from findings
where period = $1 and action = 'DISPUTE';

-- name: successor
-- The first month after $2 in which the vendor $1 has not closed.
select min(m.month)
from (
    select ($2::date + interval '1 month')::date as month
    union
    select (month + interval '1 month')::date from periods where vendor = $1 and month > $2 and closed_at is not null
) m
where not exists (
    select from periods p where p.vendor = $1 and p.month = m.month and p.closed_at is not null
);

-- name: carry_on
insert into carryovers (period, carried_from, statement, line_no, customer_id, sequence)
select
    $2, $1, f.statement, f.line_no,
    case when f.line_no is null then f.customer_id end, case when f.line_no is null then f.sequence end
from findings f
where f.period = $1 and f.action = 'DISPUTE'
order by f.statement, f.line_no, f.customer_id, f.sequence;

-- name: close
update periods set closed_at = $2 where id = $1;

-- name: was_reconciled
-- Whether the month has been reconciled already: then its match must run again, to show what is carried over.
select reconciled_at is not null from periods where id = $1;

-- name: previous
-- The vendor's settlement closed before.
select number, seal from settlements where vendor = $1 order by number desc limit 1;

-- name: store_settlement
insert into settlements
    (period, vendor, number, month, payable, carried_forward, previous, seal, closed_by, closed_at, bridge,
    approved_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: store_lines
insert into settlement_lines (period, benefit, occurred_in, correction, units, amount)
select $1, * from unnest($2::text[], $3::date[], $4::boolean[], $5::bigint[], $6::numeric[]);

-- name: digests
-- Hashes of what a settlement depends on, each over its rows in a fixed order and canonical form: the statements, the
-- pairs that simply agree (each with the hash of the ledger's entry of delivery), the findings, the decisions. What names
-- several deliveries has one value more, and a statement with a stated total two: so the seals of what was settled before
-- there were groups and stated totals hold.
select
    (
        select sha256(coalesce(string_agg(sha256(convert_to((jsonb_build_array(
            s.number, s.lines, s.units, s.amount::text, encode(s.content, 'hex'), w.statement is not null
        ) || case when coalesce(s.total_units, s.total_amount) is null then '[]'
            else jsonb_build_array(s.total_units, s.total_amount::text) end)::text, 'UTF8')), ''::bytea order by s.id), ''::bytea))
        from statements s left join withdrawals w on w.statement = s.id
        where s.period = $1
    ) as statements,
    (
        select sha256(coalesce(string_agg(sha256(convert_to(jsonb_build_array(
            l.statement, l.line_no, m.customer_id, m.sequence, m.pass, encode(e.hash, 'hex')
        )::text, 'UTF8')), ''::bytea order by l.statement, l.line_no, m.line_part), ''::bytea))
        from statements s
        join lines l on l.statement = s.id
        join matches m on m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
        join entries e on e.customer_id = m.customer_id and e.redemption = m.sequence and e.kind = 'REDEEM'
        where s.period = $1 and m.kind = 'MATCHED'
            and not exists (
                select from findings f where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no
            )
    ) as pairs,
    (
        select sha256(coalesce(string_agg(sha256(convert_to((jsonb_build_array(
            f.statement, f.line_no, f.customer_id, f.sequence, f.kind, f.pass, f.benefit, f.occurred_on, f.stated_units,
            f.stated_amount::text, f.ledger_units, f.ledger_amount::text, f.action, f.payable_units, f.payable::text,
            encode(e.hash, 'hex')
        ) || case when f.deliveries is null then '[]' else jsonb_build_array(f.deliveries) end)::text, 'UTF8')), ''::bytea order by f.statement, f.line_no, f.customer_id, f.sequence), ''::bytea))
        from findings f
        left join entries e on e.customer_id = f.customer_id and e.redemption = f.sequence and e.kind = 'REDEEM'
        where f.period = $1
    ) as findings,
    (
        select sha256(coalesce(string_agg(sha256(convert_to((jsonb_build_array(
            d.statement, d.line_no, d.customer_id, d.sequence, d.kind, d.action, d.matched_customer, d.matched_sequence,
            d.payable::text, d.note, d.decided_by, extract(epoch from d.decided_at)::text
        ) || case when d.matched is null then '[]' else jsonb_build_array(d.matched) end)::text, 'UTF8')), ''::bytea order by d.id), ''::bytea))
        from decisions d
        where d.period = $1
    ) as decisions;

-- name: changed_statements
-- Statements of the period $1 whose lines differ from those that were submitted.
select s.number
from statements s
left join lateral (
    select
        count(*) as lines, coalesce(sum(l.units), 0) as units, coalesce(sum(l.amount), 0) as amount,
        sha256(coalesce(string_agg(line_digest(
            l.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on, l.amount
        ), ''::bytea order by l.line_no), ''::bytea)) as content
    from statement_lines l
    where l.statement = s.id
) l on true
where s.period = $1 and (s.lines, s.units, s.amount, s.content) is distinct from (l.lines, l.units, l.amount, l.content)
order by s.id;

-- name: lost_carryovers
-- How many disputes of the period $1 were not carried on, or carried without a dispute.
with disputed as (
    select
        f.statement, f.line_no, case when f.line_no is null then f.customer_id end as customer_id,
        case when f.line_no is null then f.sequence end as sequence
    from findings f
    where f.period = $1 and f.action = 'DISPUTE'
),
carried as (
    select statement, line_no, customer_id, sequence from carryovers where carried_from = $1
)
select count(*)
from (
    (select * from disputed except select * from carried) union all (select * from carried except select * from disputed)
) d;

-- name: unknown_pairs
-- Pairs that no settlement knows, and that would keep what they name from ever being found. In closed periods: a pair is the
-- one that the last finding of its line names, there or where the line was carried on, or it agrees, without a finding, and
-- so is one of those whose digest is sealed. Anywhere: a pair has a line, of a statement that counts.
with last_found as (
    select distinct on (f.statement, f.line_no) f.statement, f.line_no, f.customer_id, f.sequence, f.deliveries
    from findings f
    join periods p on p.id = f.period
    join statements s on s.id = f.statement
    where s.period = f.period
        or exists (
            select from carryovers c
            where c.period = f.period and c.statement = f.statement and c.line_no = f.line_no
        )
    order by f.statement, f.line_no, p.month desc
)
select s.vendor, p.month, s.number, m.statement, m.line_no, m.customer_id, m.sequence
from matches m
left join lines l on l.statement = m.statement and l.line_no = m.line_no
left join statements s on s.id = m.statement
left join periods p on p.id = s.period
left join withdrawals w on w.statement = m.statement
left join last_found f on f.statement = m.statement and f.line_no = m.line_no
where l.statement is null or w.statement is not null
    or p.closed_at is not null and case
        when f.deliveries is not null
            then not f.deliveries @> jsonb_build_array(jsonb_build_array(m.customer_id, m.sequence))
        when f.statement is not null then (m.customer_id, m.sequence) is distinct from (f.customer_id, f.sequence)
        else m.kind <> 'MATCHED' or m.customer_id is distinct from l.customer_id
    end
order by s.vendor, p.month, m.statement, m.line_no, m.customer_id, m.sequence;

-- name: half_closed
-- Periods that are closed and have no settlement, or have one and are not closed.
select p.vendor, p.month, p.closed_at is not null as closed
from periods p
where (p.closed_at is not null) <> exists (select from settlements s where s.period = p.id)
order by p.vendor, p.month;

-- name: settlements
-- Every settlement with its lines, in the order in which each vendor closed.
select
    s.*,
    (
        select coalesce(jsonb_agg(jsonb_build_array(
            l.benefit, l.occurred_in::text, l.correction, l.units, l.amount::text
        ) order by l.benefit, l.occurred_in, l.correction), '[]')
        from settlement_lines l where l.period = s.period
    ) as lines
from settlements s
order by s.vendor, s.number;
