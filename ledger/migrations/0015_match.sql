-- What the match looks up across months and members, each written once.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- Lines that somebody had paid although the ledger knew nothing of them.
create or replace view excepted_lines as
select p.vendor, l.statement, l.line_no, l.reference, l.member_no, l.benefit, l.units, l.amount, l.occurred_on
from periods p
join findings f on f.period = p.id and f.line_no is not null and f.sequence is null and f.payable > 0
join statement_lines l on l.statement = f.statement and l.line_no = f.line_no;

-- What was paid for the pair of a line: as somebody decided in one of the closed periods or in this one, or because it
-- agreed when its period closed; no row where nothing was.
--
-- Both functions look few rows up for each row that asks. So they take scalars, which are looked up by an index even where
-- the plan around them reads whole tables at once.
create or replace function paid_for(
    of_statement integer, of_line_no integer, of_kind pair_kind, this_period integer, closed integer[]
)
returns table (units integer, amount numeric) language sql stable parallel safe as $$
    select coalesce(f.payable_units, f.stated_units), coalesce(f.payable, f.stated_amount)
    from findings f
    where f.statement = of_statement and f.line_no = of_line_no and f.kind <> 'REVERSED'
        and f.period = any (closed || this_period)
        and (f.action in ('MATCH', 'ACCEPT') or f.period <> this_period and f.kind = 'MATCHED' and f.action is null)
    union all
    select l.units, l.amount
    from statement_lines l
    where l.statement = of_statement and l.line_no = of_line_no and of_kind = 'MATCHED'
        and (select s.period from statements s where s.id = of_statement) = any (closed)
        and (
            select count(*) from findings f
            where f.period = (select s.period from statements s where s.id = of_statement)
                and f.statement = of_statement and f.line_no = of_line_no
        ) = 0
$$;

-- The redemption of a vendor that bears a reference; no row where none does, or several do: then it names none of them. An
-- appointment of which nothing came, or a no-show that was taken back, is no delivery.
create or replace function sole_bearer(of_vendor text, of_reference text)
returns table (customer_id bigint, sequence bigint, member_no text, benefit text, status text, delivered boolean)
language sql stable parallel safe as $$
    select
        b.customer_id, b.sequence, (select c.member_no from customers c where c.id = b.customer_id), b.benefit, b.status,
        b.delivered
    from (
        select
            min(r.customer_id) as customer_id, min(r.sequence) as sequence, min(r.benefit) as benefit,
            min(r.status) as status, bool_and(r.delivered) as delivered
        from (
            select
                r.customer_id, r.sequence, r.benefit, r.status,
                r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show as delivered
            from redemptions r
            where r.vendor = of_vendor and r.reference = of_reference
            limit 2
        ) r
        having count(*) = 1
    ) b
$$;

grant select on excepted_lines to entitlements_service;

-- What line and delivery differ in is decided in Python alone now, and nothing is laid side by side in tables.
drop function if exists match_kind(text, integer, integer, numeric, numeric, date, date);
drop type if exists fit;

-- A line whose day lies after the month of its statement.
alter table findings drop constraint if exists findings_kind_known;
alter table findings add constraint findings_kind_known check (kind in
    ('MATCHED', 'UNITS_DIFFER', 'AMOUNT_DIFFERS', 'DATE_DIFFERS', 'REVERSED', 'DUPLICATE_LINE', 'NOT_IN_LEDGER',
     'NOT_IN_STATEMENT', 'AMBIGUOUS', 'OUTSIDE_PERIOD'));
