-- What people decide of findings.

-- name: line_finding
-- `member`: whose number the line bears, whoever's delivery it has.
select
    f.*, l.occurred_on as stated_on, l.member_no, l.benefit as stated_benefit, l.reference,
    (select c.id from customers c where c.member_no = l.member_no) as member
from findings f join lines l on l.statement = f.statement and l.line_no = f.line_no
where f.period = $1 and f.statement = $2 and f.line_no = $3;

-- name: plain_match
-- A line that simply agrees: it has a match, and no finding is stored of it.
select
    o.period, o.statement, o.line_no, o.customer_id, o.sequence, o.kind, o.pass, o.benefit, o.occurred_on,
    o.units as stated_units, o.amount as stated_amount, o.ledger_units, o.ledger_amount, o.carried_from, o.action, o.waits,
    o.stated_on, o.member_no, o.benefit as stated_benefit, o.deliveries, o.reference,
    (select c.id from customers c where c.member_no = o.member_no) as member
from line_outcomes o
where o.period = $1 and o.statement = $2 and o.line_no = $3 and o.sequence is not null;

-- name: ledger_finding
select f.*, c.member_no, f.benefit as stated_benefit, f.customer_id as member, null as reference
from findings f join customers c on c.id = f.customer_id
where f.period = $1 and f.customer_id = $2 and f.sequence = $3 and f.line_no is null;

-- name: decide_line
insert into findings (
    period, statement, line_no, customer_id, sequence, kind, pass, benefit, occurred_on, stated_units, stated_amount,
    ledger_units, ledger_amount, carried_from, action, payable_units, payable, deliveries
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (period, statement, line_no) where line_no is not null do update set
    customer_id = excluded.customer_id, sequence = excluded.sequence, kind = excluded.kind, pass = excluded.pass,
    benefit = excluded.benefit,
    occurred_on = excluded.occurred_on, ledger_units = excluded.ledger_units, ledger_amount = excluded.ledger_amount,
    action = excluded.action, payable_units = excluded.payable_units, payable = excluded.payable,
    deliveries = excluded.deliveries;

-- name: decide_redemption
update findings set action = $4, payable_units = $5, payable = $6
where period = $1 and customer_id = $2 and sequence = $3 and line_no is null;

-- name: reopen_line
delete from findings where period = $1 and statement = $2 and line_no = $3;

-- name: reopen_redemption
delete from findings where period = $1 and customer_id = $2 and sequence = $3 and line_no is null;

-- name: record
insert into decisions (
    period, statement, line_no, customer_id, sequence, kind, action, matched_customer, matched_sequence, payable, note,
    matched, decided_by, decided_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: delivery
-- A delivery of the vendor $1 with what it costs, and the line that has it.
select
    d.*, c.member_no, s.number as matched_statement, m.line_no as matched_line
from deliveries d
join customers c on c.id = d.customer_id
left join matches m on m.customer_id = d.customer_id and m.sequence = d.sequence and m.delivery_part = 0
left join statements s on s.id = m.statement
where d.vendor = $1 and d.customer_id = $2 and d.sequence = $3;

-- name: decided_elsewhere
-- Whether somebody has decided on the redemption itself, in a period that is still open.
select exists (
    select from findings f join periods p on p.id = f.period
    where f.customer_id = $1 and f.sequence = $2 and f.line_no is null and f.action is not null and p.closed_at is null
);

-- name: match_by_hand
insert into matches (customer_id, sequence, statement, line_no, pass, kind, line_part)
values ($1, $2, $3, $4, 'HAND', $5, $6);

-- name: reassign_line
-- The line is of the customer whose delivery a person found for it.
insert into line_members (statement, line_no, customer_id)
select statement, line_no, $3::bigint from lines where statement = $1 and line_no = $2 and customer_id is distinct from $3::bigint
on conflict (statement, line_no) do update set customer_id = excluded.customer_id;

-- name: restore_line
-- The line is of the member whom it names again.
delete from line_members where statement = $1 and line_no = $2;

-- name: unmatch
delete from matches where customer_id = $1 and statement = $2 and line_no = $3;
