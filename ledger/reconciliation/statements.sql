-- Taking statements in.

-- name: stage
create temporary table incoming_lines (
    line_no integer not null,
    reference text,
    member_no text not null,
    benefit text not null,
    units integer not null,
    occurred_on date not null,
    amount numeric(14, 2) not null
) on commit drop;

-- name: repeated_numbers
-- Line numbers that come more than once.
select line_no from incoming_lines group by line_no having count(*) > 1 order by line_no limit 20;

-- name: summary
-- Totals of what came, and the hash of its content.
select
    count(*)::integer as lines,
    coalesce(sum(units), 0)::bigint as units,
    coalesce(sum(amount), 0) as amount,
    min(occurred_on) as first_day,
    max(occurred_on) as last_day,
    sha256(coalesce(string_agg(line_digest(
        l.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on, l.amount
    ), ''::bytea order by l.line_no), ''::bytea)) as content
from incoming_lines l;

-- name: store_statement
-- No row comes back when the vendor has used the number before.
insert into statements
    (period, vendor, number, lines, units, amount, first_day, last_day, content, submitted_by, submitted_at,
     total_units, total_amount)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (vendor, number) do nothing
returning id;

-- name: store_lines
insert into statement_lines
    (statement, line_no, reference, member_no, customer_id, benefit, units, occurred_on, amount)
select $1, i.line_no, i.reference, i.member_no, c.id, i.benefit, i.units, i.occurred_on, i.amount
from incoming_lines i left join customers c on c.member_no = i.member_no
order by i.line_no;

-- name: stored_statement
select s.id, s.period, s.content, p.month, p.closed_at
from statements s join periods p on p.id = s.period
where s.vendor = $1 and s.number = $2;

-- name: differing_lines
-- Lines that differ between what came and the statement $1; a side that has no such line is null.
select
    coalesce(i.line_no, l.line_no) as line_no,
    i.line_no is null or l.line_no is null as one_sided,
    i.reference is distinct from l.reference as reference,
    i.member_no is distinct from l.member_no as member_no,
    i.benefit is distinct from l.benefit as benefit,
    i.units is distinct from l.units as units,
    i.occurred_on is distinct from l.occurred_on as occurred_on,
    i.amount is distinct from l.amount as amount
from incoming_lines i full join (select * from statement_lines where statement = $1) l on l.line_no = i.line_no
where (i.line_no, i.reference, i.member_no, i.benefit, i.units, i.occurred_on, i.amount)
    is distinct from (l.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on, l.amount)
order by 1
limit 20;

-- name: statement_for_withdrawal
select id, period, vendor from statements where id = $1;

-- name: is_withdrawn
select exists (select from withdrawals where statement = $1);

-- name: decided_lines
-- How many lines of the statement $2 of the period $1 somebody has decided on and not reopened.
select count(*)
from (
    select distinct on (line_no) action from decisions where period = $1 and statement = $2 order by line_no, id desc
) d
where action <> 'REOPEN';

-- name: withdraw
insert into withdrawals (statement, note, withdrawn_by, withdrawn_at) values ($1, $2, $3, $4);

-- name: forget_matches
delete from matches m using lines l
where l.statement = $1 and m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no;

-- name: forget_findings
delete from findings where period = $1 and statement = $2;
