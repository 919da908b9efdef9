-- Reads of a reconciliation. Whatever the size of a page, it takes as many statements; lists go by keyset.
--
-- Most lines of a statement agree, and have no row in findings: their total is that of the statement less that of the
-- findings, so that a million lines need not be counted. The findings of a statement are those of its lines; of the
-- latest of a period also carried-forward lines, and deliveries without a line.

-- name: statements_by_id
-- The statements $1.
select * from statement_details s where s.id = any ($1::integer[]);

-- name: statements_page
-- $1 statements, the latest first, before the statement $2 (null: from the latest), of the vendors $3, the months $4 and
-- the statuses $5 (null: all).
select * from statement_details s
where s.id < coalesce($2::integer, 2147483647)
    and ($3::text[] is null or s.vendor = any ($3))
    and ($4::date[] is null or s.month = any ($4))
    and ($5::text[] is null or s.status = any ($5))
order by s.id desc
limit $1;

-- name: statement_tallies
-- The totals of the findings of the statements $1, by kind; `own`: of a statement's own lines. OFFSET 0 keeps the
-- findings of each looked up by an index.
with asked as (
    select s.id, s.period, s.id = latest_statement(s.period) as latest from statements s where s.id = any ($1::integer[])
)
select
    f.scope, f.kind, f.own, count(*) as findings, coalesce(sum(f.stated_units), 0)::bigint as stated_units,
    coalesce(sum(f.stated_amount), 0) as stated_amount,
    coalesce(sum(f.payable), 0) as payable, count(*) filter (where f.waits) as waiting,
    coalesce(sum(f.stated_amount) filter (where f.action is null and not f.waits), 0) as agreeing_amount
from (
    select s.id as scope, true as own, f.*
    from asked s
    cross join lateral (
        select * from findings f where f.period = s.period and f.statement = s.id and f.line_no is not null offset 0
    ) f
    union all
    select s.id, false, f.*
    from asked s
    cross join lateral (select * from findings f where f.period = s.period and f.line_no is null offset 0) f
    where s.latest
    union all
    select s.id, false, f.*
    from asked s
    cross join lateral (
        select f.*
        from carryovers c
        join findings f on f.period = c.period and f.statement = c.statement and f.line_no = c.line_no
        where c.period = s.period
        offset 0
    ) f
    where s.latest
) f
group by f.scope, f.kind, f.own;

-- name: period
-- The period of the vendor $1 in the month $2, with the totals of its statements; it may have no row yet.
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
where v.code = $1;

-- name: period_tally
-- The totals of the findings of the period $1, by kind; `own`: of lines of its own statements.
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
group by f.kind, f.own;

-- name: period_statements
-- The statements of the period $1, the latest first.
select s.id from statements s where s.period = $1 order by s.id desc;

-- name: findings_page
-- For each of the statements $1 and of the periods $2 a page of $3 findings after a position: its section $4 (0: lines, 1: lines
-- carried forward from closed periods, 2: deliveries without a line; null: from the beginning) and in it $5 and $6.
-- Asked for are the kinds $7, the actions $8, the benefits $9 and the members $10 (null: all), those that wait for a
-- decision or do not by $11 (null: both), and with $12 only lines that have a finding, which is then where to begin.
-- OFFSET 0 keeps rows looked up by their keys. `other_lines`: those that share the delivery of a line, or are taken back by it.
select
    a.scope, page.*, p.vendor, p.month, s.number, v.date_tolerance_days, other.number as other_number,
    case when page.pass = 'GROUP' and page.deliveries is null and page.kind = 'REVERSED' then page.units else d.units end
        as delivered_units,
    case when page.pass = 'GROUP' and page.deliveries is null and page.kind = 'REVERSED' then page.amount else d.amount end
        as delivered_amount,
    case when page.sequence is not null and (page.pass = 'CREDIT' or page.pass = 'GROUP' and page.deliveries is null) then (
        select jsonb_agg(jsonb_build_array(s.id, s.number, m.line_no) order by s.id, m.line_no)
        from matches m join statements s on s.id = m.statement
        where m.customer_id = page.customer_id and m.sequence = page.sequence
            and case page.pass when 'GROUP' then m.pass = 'GROUP' else m.pass <> 'CREDIT' end
            and (m.statement, m.line_no) <> (page.statement, page.line_no)
    ) end as other_lines
from (
    select s.id as scope, s.id as statement, s.period, s.id = latest_statement(s.period) as has_rest
    from statements s where s.id = any ($1::integer[])
    union all
    select p.id, null, p.id, true from periods p where p.id = any ($2::integer[])
) a
cross join lateral (
    (
        select l.*
        from (
            select st.id from statements st
            where coalesce($4::integer, 0) = 0 and st.period = a.period and (a.statement is null or st.id = a.statement)
                and st.id >= coalesce($5::bigint, 0)
                and not exists (select from withdrawals w where w.statement = st.id)
        ) st
        cross join lateral (
            (
                select 0 as section, l.statement::bigint as major, l.line_no::bigint as minor, l.*
                from line_outcomes l
                where not $12::boolean and l.statement = st.id
                    and l.line_no > case when st.id = $5 then $6::bigint else 0 end
                    and wanted(l.kind, $7) is not null and wanted(l.action, $8) is not null
                    and wanted(l.benefit, $9) is not null and wanted(l.member_no, $10) is not null
                    and wanted(l.waits, $11) is not null
                order by l.line_no
                limit $3
            )
            union all
            (
                select 0, l.statement::bigint, l.line_no::bigint, l.*
                from line_findings l
                where $12 and l.period = a.period and l.statement = st.id
                    and l.line_no > case when st.id = $5 then $6 else 0 end
                    and wanted(l.kind, $7) is not null and wanted(l.action, $8) is not null
                    and wanted(l.benefit, $9) is not null and wanted(l.member_no, $10) is not null
                    and wanted(l.waits, $11) is not null
                order by l.line_no
                limit $3
            )
        ) l
        order by l.major, l.minor
        limit $3
    )
    union all
    (
        select 1, l.statement::bigint, l.line_no::bigint, l.*
        from carryovers c
        cross join lateral (
            select * from line_findings l
            where l.period = c.period and l.statement = c.statement and l.line_no = c.line_no
            offset 0
        ) l
        where a.has_rest and coalesce($4, 0) <= 1 and c.period = a.period
            and (c.statement, c.line_no) > (case when $4 = 1 then $5 else 0 end, case when $4 = 1 then $6 else 0 end)
            and wanted(l.kind, $7) is not null and wanted(l.action, $8) is not null
            and wanted(l.benefit, $9) is not null and wanted(l.member_no, $10) is not null
            and wanted(l.waits, $11) is not null
        order by l.statement, l.line_no
        limit $3
    )
    union all
    (
        select 2, f.customer_id, f.sequence, f.*
        from delivery_findings f
        where a.has_rest and f.period = a.period
            and (f.customer_id, f.sequence) > (case when $4 = 2 then $5 else 0 end, case when $4 = 2 then $6 else 0 end)
            and wanted(f.kind, $7) is not null and wanted(f.action, $8) is not null
            and wanted(f.benefit, $9) is not null and wanted(f.waits, $11) is not null
            and wanted((select c.member_no from customers c where c.id = f.customer_id), $10) is not null
        order by f.customer_id, f.sequence
        limit $3
    )
    order by section, major, minor
    limit $3
) page
join periods p on p.id = a.period
join vendors v on v.code = p.vendor
left join statements s on s.id = page.statement
left join statements other on other.id = (page.facts ->> 'statement')::integer
left join lateral (
    -- Only of pairs that were reversed: of the others the ledger's side is what was delivered.
    select sum(d.units)::integer as units, sum(d.amount) as amount from deliveries d
    where page.kind = 'REVERSED' and page.line_no is not null
        and d.vendor = p.vendor and d.customer_id = page.customer_id
        and d.sequence = any (coalesce(
            (select array_agg((each ->> 1)::bigint) from jsonb_array_elements(page.deliveries) each), array[page.sequence]
        ))
) d on true
order by a.scope, page.section, page.major, page.minor;

-- name: decisions
-- Everything decided of findings by line ($1 period, $2 statement, $3 number) and by delivery ($4 period, $5 customer,
-- $6 sequence), oldest first: in their period, and before they were carried into it. OFFSET 0 keeps each looked up by an
-- index.
select asked.period as asked_in, d.*
from unnest($1::integer[], $2::integer[], $3::integer[]) as asked (period, statement, line_no)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
cross join lateral (
    select * from decisions d
    where d.period = q.id and d.statement = asked.statement and d.line_no = asked.line_no
    offset 0
) d
union all
select asked.period, d.*
from unnest($4::integer[], $5::bigint[], $6::bigint[]) as asked (period, customer_id, sequence)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
cross join lateral (
    select * from decisions d
    where d.period = q.id and d.customer_id = asked.customer_id and d.sequence = asked.sequence and d.line_no is null
    offset 0
) d
order by id;

-- name: lines_by_id
-- The lines $2 of the statements $1, pair by pair.
select l.*
from unnest($1::integer[], $2::integer[]) as asked (statement, line_no)
join statement_lines l on l.statement = asked.statement and l.line_no = asked.line_no;

-- name: line_of_delivery
-- The line of the period $1 that has the delivery $2, $3 by now, or the first of several.
select m.statement, m.line_no
from matches m join statements s on s.id = m.statement
where m.customer_id = $2 and m.sequence = $3 and s.period = $1
order by m.delivery_part
limit 1;

-- name: settlements
-- $1 settlements, the latest first, of the vendors $2 (null: all) and of the month $3 (null: any), after the moment $4 of
-- closing (null: from the latest) and the period $5.
select st.period, st.vendor, v.name as vendor_name, st.month, st.payable, st.carried_forward, st.seal, st.closed_by, st.closed_at,
    st.approved_by
from settlements st join vendors v on v.code = st.vendor
where (st.closed_at, st.period) < (coalesce($4::timestamptz, 'infinity'), coalesce($5::integer, 0))
    and ($2::text[] is null or st.vendor = any ($2))
    and ($3::date is null or st.month = $3)
order by st.closed_at desc, st.period desc
limit $1;

-- name: settlement_lines
-- The lines of the settlements $1.
select l.period, l.benefit, l.occurred_in, l.correction, l.units, l.amount
from settlement_lines l
where l.period = any ($1::integer[])
order by l.period, l.benefit, l.occurred_in desc, l.correction;

-- name: bridge
-- The findings of the period $1 added up by origin, outcome and kind, for the way from stated to payable: see `bridge`. What
-- both sides support is as `paying` says: of a pair the lower amount, without a line what was paid and is reversed.
select
    f.origin, f.outcome, f.kind, count(*) as findings, count(*) filter (where f.paid <> f.supported) as exceptions,
    coalesce(sum(f.asked), 0)::numeric(24, 2) as asked, coalesce(sum(f.supported), 0)::numeric(24, 2) as supported,
    coalesce(sum(f.paid), 0)::numeric(24, 2) as paid
from (
    select
        case
            when f.line_no is null then case when f.carried_from is null then 'LEDGER' else 'CARRIED' end
            when s.period <> f.period then 'CARRIED'
            when f.stated_units < 0 then 'CREDIT'
            else 'LINE'
        end as origin,
        case
            when f.waits then 'WAITS'
            when f.action = 'DISPUTE' then 'DISPUTED'
            when f.action is null then 'AGREES'
            else 'DECIDED'
        end as outcome,
        f.kind, coalesce(f.stated_amount, f.ledger_amount, 0) as asked,
        case
            when f.kind = 'MATCHED' then coalesce(f.stated_amount, 0)
            when f.line_no is null then case when f.kind = 'REVERSED' then coalesce(f.ledger_amount, 0) else 0 end
            when f.kind in ('UNITS_DIFFER', 'AMOUNT_DIFFERS', 'DATE_DIFFERS') and f.ledger_amount is not null
                then least(f.stated_amount, f.ledger_amount)
            else 0
        end as supported,
        case when f.waits then 0 when f.action is null then f.stated_amount else f.payable end as paid
    from findings f left join statements s on s.id = f.statement
    where f.period = $1 and not exists (select from withdrawals w where w.statement = s.id)
) f
group by 1, 2, 3
order by 1, 2, 3;
