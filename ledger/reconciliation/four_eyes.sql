-- Who accepted what in a month, and who proposed its close.

-- name: decided_lines
-- Lines of the period $1 that are paid as somebody decided, with who did.
select
    f.kind, f.stated_units, f.stated_amount, f.ledger_units, f.ledger_amount, f.payable, f.line_no, s.number, d.decided_by
from findings f
join statements s on s.id = f.statement
cross join lateral (
    select d.decided_by from decisions d
    where d.period = f.period and d.statement = f.statement and d.line_no = f.line_no
    order by d.id desc
    limit 1
) d
where f.period = $1 and f.line_no is not null and f.action in ('ACCEPT', 'MATCH')
order by f.statement, f.line_no;

-- name: propose
insert into close_proposals (period, content, proposed_by, proposed_at) values ($1, $2, $3, $4);

-- name: proposals
-- Who proposed to close the period $1 as it is, by $2, the first one first.
select proposed_by, proposed_at from close_proposals where period = $1 and content = $2 order by id;
