-- A line may have several deliveries, and a delivery several lines. Statements are repeatable: the record that a migration
-- ran is written after its transaction.

-- `line_part` numbers the deliveries of a line, `delivery_part` the lines of a delivery: those that share it, and those that
-- take back or claim anew what the first was paid. The first of each is 0: so each is in one pair, unless somebody says more.
-- Lines are looked up by their first part, and only that is in the index: a million pairs are written in a run.
alter table matches
    add column if not exists line_part smallint not null default 0,
    add column if not exists delivery_part smallint not null default 0,
    drop constraint if exists matches_redemption_once,
    drop constraint if exists matches_line_once,
    add constraint matches_redemption_once unique (customer_id, sequence, delivery_part);
create unique index if not exists matches_line_once on matches (customer_id, statement, line_no) where line_part = 0;
drop index if exists matches_differing;
create index matches_differing on matches (statement, line_no) where kind <> 'MATCHED' or pass = 'GROUP' or delivery_part > 0;

-- All deliveries of the line, [[customer_id, sequence], …], where they are several; customer_id and sequence are the first's.
alter table findings add column if not exists deliveries jsonb;
-- The redemptions that a MATCH names, where they are several; matched_customer and matched_sequence are the first's.
alter table decisions add column if not exists matched jsonb;

-- A credit line has less than no units, and takes back what another line stated.
alter table statement_lines
    drop constraint if exists statement_lines_units_positive,
    drop constraint if exists statement_lines_amount_not_negative,
    drop constraint if exists statement_lines_one_sign,
    add constraint statement_lines_one_sign check (units > 0 and amount >= 0 or units < 0 and amount <= 0);
create index if not exists statement_lines_credits on statement_lines (member_no, benefit) where units < 0;

-- Three views of findings have the same columns, so that a page may have rows of each. `deliveries`: as in findings.
--
-- Findings of lines, each in the period in which it was found: the line's own, or the one that it was carried into. A page
-- has few: OFFSET 0 keeps each line looked up by its key.
create or replace view line_findings as
select
    f.period, f.statement, f.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on as stated_on, l.amount,
    f.kind, f.pass, f.customer_id, f.sequence, f.occurred_on, f.ledger_units, f.ledger_amount, f.candidates, f.facts,
    f.carried_from, f.action, f.payable, f.waits, f.deliveries
from findings f
cross join lateral (
    select l.reference, l.member_no, l.benefit, l.units, l.occurred_on, l.amount
    from statement_lines l
    where l.statement = f.statement and l.line_no = f.line_no
    offset 0
) l
where f.line_no is not null;

-- All lines in the periods of their statements. Those that simply agree have no finding: what they agree with is in
-- matches. OFFSET 0 keeps both looked up by the line.
create or replace view line_outcomes as
select
    s.period, l.statement, l.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on as stated_on, l.amount,
    coalesce(f.kind, 'MATCHED') as kind, case when f.kind is null then m.pass::text else f.pass end as pass,
    case when f.kind is null then m.customer_id else f.customer_id end as customer_id,
    case when f.kind is null then m.sequence else f.sequence end as sequence,
    coalesce(f.occurred_on, l.occurred_on) as occurred_on,
    case when f.kind is null then l.units else f.ledger_units end as ledger_units,
    case when f.kind is null then l.amount else f.ledger_amount end as ledger_amount,
    f.candidates, f.facts, f.carried_from, f.action, f.payable, coalesce(f.waits, false) as waits,
    case when f.kind is not null then f.deliveries when m.pass in ('GROUP', 'HAND') then (
        select case when count(*) > 1 then jsonb_agg(jsonb_build_array(g.customer_id, g.sequence) order by g.line_part) end
        from matches g
        where g.customer_id = l.customer_id and g.statement = l.statement and g.line_no = l.line_no
    ) end as deliveries
from lines l
cross join lateral (select s.period from statements s where s.id = l.statement offset 0) s
left join lateral (
    select * from findings f
    where f.period = s.period and f.statement = l.statement and f.line_no = l.line_no
    offset 0
) f on true
left join lateral (
    select m.pass, m.customer_id, m.sequence from matches m
    where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
        and m.line_part = 0
    offset 0
) m on f.kind is null;

-- Findings of deliveries that no line speaks of.
create or replace view delivery_findings as
select
    f.period, null::integer as statement, null::integer as line_no, null::text as reference, null::text as member_no,
    f.benefit, null::integer as units, null::date as stated_on, null::numeric as amount, f.kind, f.pass, f.customer_id,
    f.sequence, f.occurred_on, f.ledger_units, f.ledger_amount, f.candidates, f.facts, f.carried_from, f.action, f.payable,
    f.waits, f.deliveries
from findings f
where f.line_no is null;
