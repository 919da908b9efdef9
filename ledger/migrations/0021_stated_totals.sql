-- The total that finance states of a statement, as the invoice has it. It was compared with the lines before they were taken.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

alter table statements
    add column if not exists total_units bigint,           -- null: not stated
    add column if not exists total_amount numeric(24, 2),  -- null: not stated
    drop constraint if exists statements_total_right,
    add constraint statements_total_right check (
        coalesce(total_units, units) = units and coalesce(total_amount, amount) = amount
    );

-- Columns are added at the end: whoever reads the view by name finds what was there before.
create or replace view statement_details as
select
    s.id, s.period, s.number, s.vendor, v.name as vendor_name, p.month, p.closed_at, s.lines, s.units, s.amount,
    s.submitted_by, s.submitted_at, w.note, w.withdrawn_by, w.withdrawn_at,
    case when w.statement is not null then 'WITHDRAWN' when p.closed_at is not null then 'CLOSED' else 'OPEN' end as status,
    s.total_units, s.total_amount
from statements s
join periods p on p.id = s.period
join vendors v on v.code = s.vendor
left join withdrawals w on w.statement = s.id;
