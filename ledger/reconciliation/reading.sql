-- What people read of a reconciliation. Whatever the size of a page, it takes as many statements; lists go by keyset.
-- A text between braces is filled in by reading.py, from this file only.
--
-- Most lines of a statement simply agree, and have no row in findings: what they come to is everything that was stated
-- less what the findings say, so that nobody counts a million lines. The findings of a statement are those of its lines;
-- of the latest of a period also what none of its lines speaks of: lines that were carried forward, and deliveries.

-- name: statements_by_id
-- The statements $1.
{statements}
where s.id = any ($1::integer[])

-- name: statements_page
-- $1 statements, the latest first.
{statements}
where {conditions}
order by s.id desc
limit $1

-- name: statements
select
    s.id, s.period, s.number, s.vendor, v.name as vendor_name, p.month, p.closed_at, s.lines, s.units, s.amount,
    s.submitted_by, s.submitted_at, w.note, w.withdrawn_by, w.withdrawn_at
from statements s
join periods p on p.id = s.period
join vendors v on v.code = s.vendor
left join withdrawals w on w.statement = s.id

-- name: status
case when w.statement is not null then 'WITHDRAWN' when p.closed_at is not null then 'CLOSED' else 'OPEN' end

-- name: statement_tallies
-- What the findings of the statements $1 come to, by kind; `own`: of a statement's own lines.
select
    f.scope, f.kind, f.own, count(*) as findings, coalesce(sum(f.stated_units), 0)::bigint as stated_units,
    coalesce(sum(f.stated_amount), 0) as stated_amount,
    coalesce(sum(f.payable), 0) as payable, count(*) filter (where f.waits) as waiting,
    coalesce(sum(f.stated_amount) filter (where f.action is null and not f.waits), 0) as agreeing_amount
from (
    select s.id as scope, true as own, f.*
    from statements s join findings f on f.period = s.period and f.statement = s.id and f.line_no is not null
    where s.id = any ($1::integer[])
    union all
    select s.id, false, f.*
    from ({latest}) s join findings f on f.period = s.period and f.line_no is null
    where s.id = any ($1::integer[])
    union all
    select s.id, false, f.*
    from ({latest}) s
    join carryovers c on c.period = s.period
    join findings f on f.period = c.period and f.statement = c.statement and f.line_no = c.line_no
    where s.id = any ($1::integer[])
) f
group by f.scope, f.kind, f.own

-- name: latest
-- The latest statement of each period that was not taken back.
select max(s.id) as id, s.period from statements s
where not exists (select from withdrawals w where w.statement = s.id) {of_scopes}
group by s.period

-- name: of_statements
and s.period in (select asked.period from statements asked where asked.id = any ($1::integer[]))

-- name: period
-- The period of the vendor $1 in the month $2, with what its statements come to; without a row nobody has touched it.
select
    p.id, v.code as vendor, v.name as vendor_name, p.reconciled_at, p.closed_at,
    coalesce(s.lines, 0) as lines, coalesce(s.units, 0) as units, coalesce(s.amount, 0) as amount
from vendors v
left join periods p on p.vendor = v.code and p.month = $2
left join lateral (
    select sum(s.lines)::integer as lines, sum(s.units)::bigint as units, sum(s.amount) as amount
    from statements s
    where s.period = p.id and not exists (select from withdrawals w where w.statement = s.id)
) s on true
where v.code = $1

-- name: period_tally
-- What the findings of the period $1 come to, by kind; `own`: of lines of its own statements.
select
    f.kind, f.own, count(*) as findings, coalesce(sum(f.stated_units), 0)::bigint as stated_units,
    coalesce(sum(f.stated_amount), 0) as stated_amount,
    coalesce(sum(f.payable), 0) as payable, count(*) filter (where f.waits) as waiting,
    coalesce(sum(f.stated_amount) filter (where f.action is null and not f.waits), 0) as agreeing_amount
from (
    select f.*, s.id is not null as own
    from findings f left join statements s on s.id = f.statement and s.period = f.period
    where f.period = $1 and f.line_no is not null
        and not exists (select from withdrawals w where w.statement = s.id)
    union all
    select f.*, false from findings f where f.period = $1 and f.line_no is null
) f
group by f.kind, f.own

-- name: period_statements
-- The statements of the period $1, the latest first.
select s.id from statements s where s.period = $1 order by s.id desc

-- name: findings_page
-- For each statement or period of $1 a page of $2 findings, with all that a reader is shown but deliveries and decisions.
select
    a.scope, page.*, a.period, p.vendor, p.month, s.number, v.date_tolerance_days, other.number as other_number,
    d.units as delivered_units, d.amount as delivered_amount
from ({scopes}) a
cross join lateral (
    select * from ({sections}) u
    order by section, major, minor
    limit $2
) page
join periods p on p.id = a.period
join vendors v on v.code = p.vendor
left join statements s on s.id = page.statement
left join statements other on other.id = (page.facts ->> 'statement')::integer
left join deliveries d on d.vendor = p.vendor and d.sequence = page.sequence
    -- Only of pairs that were reversed: of the others the ledger's side is what was delivered.
    and d.customer_id = case when page.kind = 'REVERSED' and page.line_no is not null then page.customer_id end
order by a.scope, page.section, page.major, page.minor

-- name: scopes_by_statement
select s.id as scope, s.id as statement, s.period, s.id = l.id as rest
from statements s
left join ({latest}) l on l.period = s.period
where s.id = any ($1::integer[])

-- name: scopes_by_period
select p.id as scope, null::integer as statement, p.id as period, true as rest
from periods p where p.id = any ($1::integer[])

-- name: lines
-- Lines of the statements at hand. Those that simply agree have no finding: what they agree with is in matches.
(
    select l.*
    from (
        select st.id from statements st
        where st.period = a.period and (a.statement is null or st.id = a.statement)
            and not exists (select from withdrawals w where w.statement = st.id)
            {from_statement}
    ) st
    cross join lateral (
        select
            0 as section, l.statement::bigint as major, l.line_no::bigint as minor, l.statement, l.line_no, l.reference,
            l.member_no, l.benefit, l.units, l.occurred_on as stated_on, l.amount,
            coalesce(f.kind, 'MATCHED') as kind, case when f.kind is null then m.pass::text else f.pass end as pass,
            case when f.kind is null then m.customer_id else f.customer_id end as customer_id,
            case when f.kind is null then m.sequence else f.sequence end as sequence,
            coalesce(f.occurred_on, l.occurred_on) as occurred_on,
            case when f.kind is null then l.units else f.ledger_units end as ledger_units,
            case when f.kind is null then l.amount else f.ledger_amount end as ledger_amount,
            f.candidates, f.facts, f.carried_from, f.action, f.payable, coalesce(f.waits, false) as waits
        from {joined}
        where l.statement = st.id {after_line} and {conditions}
        order by l.line_no
        limit $2
    ) l
    order by major, minor
    limit $2
)

-- name: lines_joined
-- All of them.
lines l
left join findings f on f.period = a.period and f.statement = l.statement and f.line_no = l.line_no
left join lateral (
    -- Looked up line by line: a page has few.
    select m.pass, m.customer_id, m.sequence from matches m
    where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
    offset 0
) m on f.kind is null

-- name: findings_joined
-- Those that have a finding, which is where to begin when the others are not asked for.
findings f
join statement_lines l on f.period = a.period and f.statement = st.id and f.line_no is not null
    and l.statement = f.statement and l.line_no = f.line_no
left join matches m on false

-- name: carried
-- Lines of closed periods that were disputed, and are found again here.
(
    select
        1, l.statement::bigint as major, l.line_no::bigint as minor, l.statement, l.line_no, l.reference, l.member_no,
        l.benefit, l.units, l.occurred_on, l.amount, f.kind, f.pass, f.customer_id, f.sequence, f.occurred_on,
        f.ledger_units, f.ledger_amount, f.candidates, f.facts, f.carried_from, f.action, f.payable, f.waits
    from carryovers c
    join findings f on f.period = c.period and f.statement = c.statement and f.line_no = c.line_no
    join statement_lines l on l.statement = f.statement and l.line_no = f.line_no
    where a.rest and c.period = a.period {after} and {conditions}
    order by l.statement, l.line_no
    limit $2
)

-- name: deliveries
-- What no line speaks of.
(
    select
        2, f.customer_id as major, f.sequence as minor, null::integer, null::integer, null, null,
        f.benefit, null::integer, null::date, null::numeric, f.kind, f.pass, f.customer_id, f.sequence, f.occurred_on,
        f.ledger_units, f.ledger_amount, f.candidates, f.facts, f.carried_from, f.action, f.payable, f.waits
    from findings f
    where a.rest and f.period = a.period and f.line_no is null {after} and {conditions}
    order by f.customer_id, f.sequence
    limit $2
)

-- name: decisions
-- Everything decided of findings by line ($1 period, $2 statement, $3 number) and by delivery ($4 period, $5 customer,
-- $6 sequence), oldest first: in their period, and before they were carried into it.
select asked.period as asked_in, d.*
from unnest($1::integer[], $2::integer[], $3::integer[]) as asked (period, statement, line_no)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
join decisions d on d.period = q.id and d.statement = asked.statement and d.line_no = asked.line_no
union all
select asked.period, d.*
from unnest($4::integer[], $5::bigint[], $6::bigint[]) as asked (period, customer_id, sequence)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
join decisions d on d.period = q.id and d.customer_id = asked.customer_id and d.sequence = asked.sequence
    and d.line_no is null
order by id

-- name: line_of_delivery
-- The line of the period $1 that has the delivery $2, $3 by now.
select m.statement, m.line_no
from matches m join statements s on s.id = m.statement
where m.customer_id = $2 and m.sequence = $3 and s.period = $1

-- name: settlements
-- $1 settlements, the latest first.
select st.period, st.vendor, v.name as vendor_name, st.month, st.payable, st.carried_forward, st.seal, st.closed_by, st.closed_at
from settlements st join vendors v on v.code = st.vendor
where {conditions}
order by st.closed_at desc, st.period desc
limit $1

-- name: settlement_lines
-- The lines of the settlements $1.
select l.period, l.benefit, l.occurred_in, l.correction, l.units, l.amount
from settlement_lines l
where l.period = any ($1::integer[])
order by l.period, l.benefit, l.occurred_in desc, l.correction
