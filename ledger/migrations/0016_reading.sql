-- Views and functions that several statements share. The functions are plain expressions, which the planner inlines.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- Whether a value is among those wanted, null: all. The answer is true or null, to be asked with IS NOT NULL: of that the
-- planner expects that most rows pass. So a page is read in its order by an index until it is full, also by a plan that is
-- made once for all values; of `$1 is null or …` it would expect so little that it would rather read everything and sort.
create or replace function wanted(value text, wanted_values text[])
returns boolean language sql immutable parallel safe as $$
    select case when wanted_values is null or value = any (wanted_values) then true end
$$;
create or replace function wanted(value boolean, wanted_value boolean)
returns boolean language sql immutable parallel safe as $$
    select case when wanted_value is null or value = wanted_value then true end
$$;
-- As `wanted`, of a moment from the first (null: ever) until before the last (null: for ever).
create or replace function within(moment timestamptz, first_moment timestamptz, end_moment timestamptz)
returns boolean language sql immutable parallel safe as $$
    select case
        when (first_moment is null or moment >= first_moment) and (end_moment is null or moment < end_moment) then true
    end
$$;

-- The status of a redemption at a moment: a hold that has run out by then is expired, posted or not.
create or replace function status_at(status text, expires_at timestamptz, moment timestamptz)
returns text language sql immutable parallel safe as $$
    select case when status = 'HELD' and expires_at <= moment then 'EXPIRED' else status end
$$;

create or replace view redemption_details as
select
    r.customer_id, c.member_no, r.sequence, r.status, r.benefit, r.variant, r.period, r.policy_no, r.option, r.facility,
    r.wished_number, r.vendor, v.name as vendor_name, r.units, r.reference, r.star, r.edition, r.occurred_at, r.recorded_at,
    r.expires_at, r.reason, r.beneficiary, b.name as beneficiary_name, b.relation as beneficiary_relation
from redemptions r
left join customers c on c.id = r.customer_id
left join vendors v on v.code = r.vendor
left join relatives b on b.customer_id = r.customer_id and b.relative_id = r.beneficiary;

-- Entries, each with the redemption that it belongs to, whose columns begin with r_.
create or replace view entry_details as
select
    e.customer_id, c.member_no, e.sequence, e.kind, e.benefit, e.policy_no, e.units, e.service_year, e.vendor,
    v.name as vendor_name, e.beneficiary, b.name as beneficiary_name, b.relation as beneficiary_relation, e.option,
    e.reference, e.star, e.edition, e.occurred_at, e.recorded_at, e.subject,
    r.sequence as r_sequence, r.status as r_status, r.benefit as r_benefit, r.variant as r_variant, r.period as r_period,
    r.policy_no as r_policy_no, r.option as r_option, r.facility as r_facility, r.wished_number as r_wished_number,
    r.vendor as r_vendor, r.vendor_name as r_vendor_name, r.units as r_units, r.reference as r_reference,
    r.star as r_star, r.edition as r_edition, r.occurred_at as r_occurred_at, r.recorded_at as r_recorded_at,
    r.expires_at as r_expires_at, r.reason as r_reason, r.beneficiary as r_beneficiary,
    r.beneficiary_name as r_beneficiary_name, r.beneficiary_relation as r_beneficiary_relation
from entries e
join customers c on c.id = e.customer_id
left join vendors v on v.code = e.vendor
left join relatives b on b.customer_id = e.customer_id and b.relative_id = e.beneficiary
left join redemption_details r on r.customer_id = e.customer_id and r.sequence = e.redemption;

-- What one unit costs on a day by star and benefit of a grid, an array of {star, benefit, variant}: the highest of the
-- vendors' prices, each the variant's own, else the benefit's. Those without any price are left out.
create or replace function highest_prices(grid jsonb, on_day date)
returns table (star smallint, benefit text, unit_price numeric) language sql stable parallel safe as $$
    select g.star, g.benefit, max(t.unit_price)
    from jsonb_to_recordset(grid) as g (star smallint, benefit text, variant text)
    cross join vendors v
    cross join lateral price_on(v.code, g.benefit, g.variant, on_day) t
    group by g.star, g.benefit
$$;

-- The hash of a line of a statement in one spelling. A statement is known by the hash over those of its lines in the order
-- of their numbers, and seals rest on it: this must never give another value.
create or replace function line_digest(
    line_no integer, reference text, member_no text, benefit text, units integer, occurred_on date, amount numeric
)
returns bytea language sql stable parallel safe as $$
    select sha256(convert_to(
        jsonb_build_array(line_no, reference, member_no, benefit, units, occurred_on, amount::text)::text, 'UTF8'
    ))
$$;

create or replace view statement_details as
select
    s.id, s.period, s.number, s.vendor, v.name as vendor_name, p.month, p.closed_at, s.lines, s.units, s.amount,
    s.submitted_by, s.submitted_at, w.note, w.withdrawn_by, w.withdrawn_at,
    case when w.statement is not null then 'WITHDRAWN' when p.closed_at is not null then 'CLOSED' else 'OPEN' end as status
from statements s
join periods p on p.id = s.period
join vendors v on v.code = s.vendor
left join withdrawals w on w.statement = s.id;

-- The latest statement of a period that was not withdrawn; null without one.
create or replace function latest_statement(of_period integer) returns integer language sql stable parallel safe as $$
    select max(s.id) from statements s
    where s.period = of_period and not exists (select from withdrawals w where w.statement = s.id)
$$;

-- Three views of findings have the same columns, so that a page may have rows of each.
--
-- Findings of lines, each in the period in which it was found: the line's own, or the one that it was carried into. A page
-- has few: OFFSET 0 keeps each line looked up by its key.
create or replace view line_findings as
select
    f.period, f.statement, f.line_no, l.reference, l.member_no, l.benefit, l.units, l.occurred_on as stated_on, l.amount,
    f.kind, f.pass, f.customer_id, f.sequence, f.occurred_on, f.ledger_units, f.ledger_amount, f.candidates, f.facts,
    f.carried_from, f.action, f.payable, f.waits
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
    f.candidates, f.facts, f.carried_from, f.action, f.payable, coalesce(f.waits, false) as waits
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
    offset 0
) m on f.kind is null;

-- Findings of deliveries that no line speaks of.
create or replace view delivery_findings as
select
    f.period, null::integer as statement, null::integer as line_no, null::text as reference, null::text as member_no,
    f.benefit, null::integer as units, null::date as stated_on, null::numeric as amount, f.kind, f.pass, f.customer_id,
    f.sequence, f.occurred_on, f.ledger_units, f.ledger_amount, f.candidates, f.facts, f.carried_from, f.action, f.payable,
    f.waits
from findings f
where f.line_no is null;

grant select on redemption_details, entry_details, statement_details, line_findings, line_outcomes, delivery_findings
    to entitlements_service;
