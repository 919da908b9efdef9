-- The match: lines of an open period against what the vendor delivered. Set-based, one to one, and the same whatever the
-- order of the lines. Existing matches stay; a run pairs what is left.
--
-- A text between braces is filled in by matching.py, from this file only: {only_…} narrows a run to a key (see there), whose
-- parts are parameters.

-- name: tune
-- For this transaction: large joins in memory and on all cores, no time lost in compiling, and what was just read or
-- written is looked up at no great cost. The tables of a run tell enough of themselves by a few of their rows.
select
    set_config('work_mem', '256MB', true), set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true),
    set_config('default_statistics_target', '10', true),
    set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
    set_config('min_parallel_table_scan_size', '1MB', true);

-- name: statements
-- The statements of a period that count and how many lines they have, all statements of the vendor $2, and the days of
-- the month $3 to before $4 and of all lines; a delivery that is meant may lie around them, as matching.py says.
select ids, lines, of_vendor, matched, first_day, end_day, date_tolerance_days as tolerance
from (
    select
        coalesce(array_agg(s.id order by s.id) filter (where s.period = $1), '{}') as ids,
        coalesce(sum(s.lines) filter (where s.period = $1), 0) as lines,
        coalesce(array_agg(s.id order by s.id), '{}') as of_vendor,
        exists (select from periods p where p.vendor = $2 and p.reconciled_at is not null) as matched,
        least($3::date, min(s.first_day) filter (where s.period = $1), min(c.first_day)) as first_day,
        greatest($4::date, max(s.last_day) filter (where s.period = $1) + 1, max(c.last_day) + 1) as end_day
    from statements s
    left join (
        select c.statement, min(l.occurred_on) as first_day, max(l.occurred_on) as last_day
        from carryovers c join statement_lines l on l.statement = c.statement and l.line_no = c.line_no
        where c.period = $1
        group by c.statement
    ) c on c.statement = s.id
    where s.vendor = $2 and not exists (select from withdrawals w where w.statement = s.id)
) s
join vendors v on v.code = $2;

-- name: many
-- For the join of many lines: each table is read once. What is known of tables that were just filled misleads the planner.
-- The leader only gathers: it has the most to do as it is.
select
    set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('parallel_leader_participation', 'off', true);

-- name: few
select
    set_config('enable_nestloop', 'on', true), set_config('enable_mergejoin', 'on', true),
    set_config('parallel_leader_participation', 'on', true);

-- name: know_members
-- Lines whose member was registered after the statement came.
insert into line_members (statement, line_no, customer_id)
select l.statement, l.line_no, c.id
from statement_lines l join customers c on c.member_no = l.member_no
where l.customer_id is null
    and (
        l.statement = any ($2::integer[])
        or (l.statement, l.line_no) in (select o.statement, o.line_no from carryovers o where o.period = $1)
    )
on conflict do nothing;

-- name: release_reversed
-- A pair that nobody has decided on, and whose redemption was reversed since, is parted: the line may have been meant for
-- what was posted anew. If not, they find together again, as REVERSED.
delete from matches m
using redemptions d, statements s
where d.vendor = $2 and d.status = 'REVERSED'
    and m.customer_id = d.customer_id and m.sequence = d.sequence and m.pass <> 'HAND'
    and s.id = m.statement
    and (
        s.period = $1
        or exists (
            select from carryovers c where c.period = $1 and c.statement = m.statement and c.line_no = m.line_no
        )
    )
    and not exists (
        select from findings f
        where f.period = $1 and f.statement = m.statement and f.line_no = m.line_no and f.action is not null
    )
    {only_deliveries};

-- name: pairing
-- Lines and deliveries that are free, each once, side by side where the reference, the member and the benefit agree, in
-- the order of members; `alike`: how many pairs of a member bear the reference. Of a pair that agrees only what it takes to
-- write it down. A delivery that no line names is only of use near the days of the lines, $7 to before $8. Two references
-- with one hash are only looked at more closely.
create temporary table pairing on commit drop as
select *, count(*) over (partition by customer_id, reference_hash) as alike
from (
    select
        coalesce(d.customer_id, l.customer_id) as customer_id, d.sequence, l.statement, l.line_no,
        case when {paired} then {kind} end as kind,
        case when {paired} then hashtextextended(l.reference, 0) end as reference_hash,
        case when not ({paired}) or {kind} <> 'MATCHED' then row(
            l.statement, l.line_no, coalesce(d.customer_id, l.customer_id), d.sequence, coalesce(d.benefit, l.benefit),
            l.reference, d.status, l.units, d.units, l.amount, d.amount, l.occurred_on, d.delivered_on
        )::fit end as fit
    from (
        select
            l.statement, l.line_no, l.reference, l.customer_id, l.benefit, l.units, l.amount, l.occurred_on
        from lines l
        where (
                l.statement = any ($5::integer[])
                {or_carried}
            )
            {and_free}
            {and_new}
            {only_lines}
    ) l
    full join (
        select d.customer_id, d.sequence, d.status, d.reference, d.benefit, d.units, d.amount, d.delivered_on
        from deliveries d
        where d.vendor = $2 and d.occurred_at >= $3 and d.occurred_at < $4
            -- The period and the vendor's statements are there, whichever of the conditions below ask for them.
            and $1::integer is not null and $6::integer[] is not null
            {and_unmatched}
            {only_deliveries}
    ) d on d.reference = l.reference and d.customer_id = l.customer_id and d.benefit = l.benefit
    where l.line_no is not null or d.delivered_on >= $7 and d.delivered_on < $8
    -- The fence: what a pair comes to is worked out beside the join, on all cores, not where they are counted, on one.
    order by 1, reference_hash
    offset 0
) side_by_side;

-- name: paired
l.line_no is not null and d.sequence is not null

-- name: kind
-- What a line and its delivery have that differs.
match_kind(d.status, l.units, d.units, l.amount, d.amount, l.occurred_on, d.delivered_on)

-- name: or_carried
-- Lines that were disputed in a period that is closed.
or (l.statement, l.line_no) in (select c.statement, c.line_no from carryovers c where c.period = $1)

-- name: and_free
-- Unless the match has never run on them: then no line has a match, and nobody has decided on any.
and not exists (
    select from matches m
    where m.customer_id = l.customer_id and m.statement = l.statement and m.line_no = l.line_no
        and m.statement = any ($6::integer[])
)
and not exists (
    select from findings f
    where f.period = $1 and f.statement = l.statement and f.line_no = l.line_no and f.action is not null
)

-- name: and_unmatched
-- Unless no statement of the vendor was ever matched.
and not exists (
    select from matches m
    where m.customer_id = d.customer_id and m.sequence = d.sequence and m.statement = any ($6::integer[])
)
and not exists (
    select from findings f
    where f.period = $1 and f.line_no is null and f.customer_id = d.customer_id and f.sequence = d.sequence
        and f.action is not null
)

-- name: exceptions
-- Lines of the vendor $1 that somebody had paid although the ledger knew nothing of them. A reference means the same within
-- $2 days, the backdating days.
create temporary table exceptions on commit drop as
select o.statement, o.line_no, o.reference, o.member_no, o.benefit, o.occurred_on, o.units, $2::integer as backdating_days
from periods p
join findings f on f.period = p.id and f.line_no is not null and f.sequence is null and f.payable > 0
join statement_lines o on o.statement = f.statement and o.line_no = f.line_no
where p.vendor = $1;

-- name: repeats
-- A line says the same again: the reference, or, where one of them has none, the day and the units.
x.member_no = l.member_no and x.benefit = l.benefit and (x.statement, x.line_no) <> (l.statement, l.line_no)
and (
    x.reference = l.reference and abs(x.occurred_on - l.occurred_on) <= x.backdating_days
    or (x.reference is null or l.reference is null) and x.occurred_on = l.occurred_on and x.units = l.units
)

-- name: and_new
and not exists (select from exceptions x where {repeats})

-- name: refresh_kinds
-- A price may have come, and a pair made by hand may have been reversed, while nobody has decided.
update matches m set kind = {kind}
from lines l, deliveries d
where (
        l.statement = any ($3::integer[])
        or (l.statement, l.line_no) in (select c.statement, c.line_no from carryovers c where c.period = $1)
    )
    and m.statement = l.statement and m.line_no = l.line_no and m.customer_id = l.customer_id
    and (m.kind <> 'MATCHED' or m.pass = 'HAND')
    and d.vendor = $2 and d.customer_id = m.customer_id and d.sequence = m.sequence
    and m.kind <> {kind}
    and not exists (
        select from findings f
        where f.period = $1 and f.statement = m.statement and f.line_no = m.line_no and f.action is not null
    )
    {only_pairs};

-- name: match_references
-- Pass REFERENCE, where a reference leads one line to one delivery.
insert into matches (customer_id, sequence, statement, line_no, pass, kind)
select customer_id, sequence, statement, line_no, 'REFERENCE', kind
from pairing
where kind is not null and alike = 1;

-- name: make_rest
-- What is more than a pair that agrees: what a reference leads to nothing or to several, and pairs that differ.
create temporary table rest on commit drop as
select
    p.customer_id, p.sequence, p.statement, p.line_no, p.kind, p.alike, (p.fit).benefit, (p.fit).reference, (p.fit).status,
    (p.fit).stated_units, (p.fit).units, (p.fit).stated_amount, (p.fit).amount, (p.fit).occurred_on, (p.fit).delivered_on
from pairing p
where p.kind is distinct from 'MATCHED' or p.alike > 1;

-- name: fit_by_reference
-- Pass REFERENCE, where it leads several to each other.
insert into fits
select {fit}
from rest p
-- They are few, so they are looked up one by one.
cross join lateral (
    select *, units as stated_units, amount as stated_amount from statement_lines l
    where l.statement = p.statement and l.line_no = p.line_no offset 0
) l
cross join lateral (
    select * from deliveries d where d.customer_id = p.customer_id and d.sequence = p.sequence offset 0
) d
where p.alike > 1 and p.kind is not null;

-- name: fit
-- A line and a delivery side by side.
l.statement, l.line_no, d.customer_id, d.sequence, d.benefit, l.reference, d.status, l.stated_units, d.units, l.stated_amount,
d.amount, l.occurred_on, d.delivered_on

-- name: make_fits
-- Which free line might be which free delivery, in the pass at hand.
create temporary table fits of fit on commit drop;

-- name: make_newly
-- The pairs of a round.
create temporary table newly (customer_id bigint, sequence bigint, statement integer, line_no integer) on commit drop;

-- name: make_free
-- What the references left: lines (`taken`: their reference names a delivery that another line has), and deliveries.
create temporary table free_lines on commit drop as
select statement, line_no, reference, customer_id, benefit, stated_units, stated_amount, occurred_on, false as taken
from rest
where sequence is null
union all
select distinct statement, line_no, reference, customer_id, benefit, stated_units, stated_amount, occurred_on, true
from fits;

-- name: make_free_deliveries
-- Of other months than the one from $1 to before $2 only what a free line may mean.
create temporary table free_deliveries on commit drop as
select customer_id, sequence, status, benefit, units, amount, delivered_on
from rest
where line_no is null
    and (
        delivered_on >= $1 and delivered_on < $2
        or (customer_id, benefit) in (select l.customer_id, l.benefit from free_lines l)
    )
union all
select distinct customer_id, sequence, status, benefit, units, amount, delivered_on
from fits;

-- name: forget_newly
-- What the last round has matched is free no more.
with gone as (
    delete from newly returning customer_id, sequence, statement, line_no
),
lines as (
    delete from free_lines f using gone g where g.statement = f.statement and g.line_no = f.line_no
),
deliveries as (
    delete from free_deliveries f using gone g where g.customer_id = f.customer_id and g.sequence = f.sequence
)
delete from fits f
where exists (select from gone g where g.customer_id = f.customer_id and g.sequence = f.sequence)
    or exists (select from gone g where g.statement = f.statement and g.line_no = f.line_no);

-- name: analyze_free
analyze free_lines, free_deliveries, fits;

-- name: mark_taken
-- Lines whose reference names a delivery to the same member of the same benefit that an earlier run gave to another line.
update free_lines f set taken = true
where not f.taken and f.reference is not null
    and (
        select count(*)
        from redemptions r
        cross join lateral (
            select from matches m where m.customer_id = r.customer_id and m.sequence = r.sequence offset 0
        ) m
        where r.customer_id = f.customer_id and r.vendor = $1 and r.reference = f.reference and r.benefit = f.benefit
    ) > 0;

-- name: clear_fits
delete from fits;

-- name: match_perfect
-- What agrees in everything, as far as it fits: equal lines and equal deliveries, one after the other.
with perfect as (
    select
        *,
        dense_rank() over (
            partition by customer_id, reference, occurred_on, stated_units, stated_amount order by statement, line_no
        ) as line,
        dense_rank() over (
            partition by customer_id, reference, occurred_on, stated_units, stated_amount order by sequence
        ) as delivery
    from fits
    where status = 'REDEEMED' and stated_units = units and stated_amount = amount and occurred_on = delivered_on
),
chosen as (
    select * from perfect where line = delivery
),
{write_chosen};

-- name: match_exactly
-- Pass EXACT, where all deliveries of a member, benefit, day and units cost the same, so that their order decides: the
-- lines nearest in their amount get one each. Fewer lines than deliveries: nothing tells which, so none is taken.
with alike as (
    select
        customer_id, benefit, delivered_on, units, count(*) as deliveries, min(amount) as amount,
        array_agg(sequence order by sequence) as sequences
    from free_deliveries
    where status = $1
    group by customer_id, benefit, delivered_on, units
    having count(amount) in (0, count(*)) and min(amount) is not distinct from max(amount)
),
lines as (
    select
        l.*, a.deliveries, a.amount, a.sequences, count(*) over same as lines,
        row_number() over (
            partition by l.customer_id, l.benefit, l.occurred_on, l.stated_units
            order by abs(l.stated_amount - a.amount) nulls last, l.stated_amount, l.reference nulls last, l.statement, l.line_no
        ) as place
    from free_lines l
    join alike a on a.customer_id = l.customer_id and a.benefit = l.benefit and a.delivered_on = l.occurred_on
        and a.units = l.stated_units
    where not l.taken
    window same as (partition by l.customer_id, l.benefit, l.occurred_on, l.stated_units)
),
pairs as (
    insert into matches (customer_id, sequence, statement, line_no, pass, kind)
    select
        customer_id, sequences[place], statement, line_no, 'EXACT',
        match_kind($1, stated_units, stated_units, stated_amount, amount, occurred_on, occurred_on)
    from lines
    where place <= deliveries and (lines >= deliveries or $1 = 'REVERSED')
    order by customer_id, sequences[place]
    returning customer_id, sequence, statement, line_no
)
insert into newly select * from pairs;

-- name: fit_exactly
-- Pass EXACT, where deliveries that else agree cost differently.
insert into fits
select {fit}
from (
    select *, count(*) over (partition by customer_id, benefit, occurred_on, stated_units) as lines
    from free_lines
    where not taken
) l
join (
    select *, count(*) over (partition by customer_id, benefit, delivered_on, units) as deliveries
    from free_deliveries
    where status = $1
) d on d.customer_id = l.customer_id and d.benefit = l.benefit and d.delivered_on = l.occurred_on
    and d.units = l.stated_units
where l.lines >= d.deliveries or d.status = 'REVERSED';

-- name: fit_within_tolerance
-- Pass TOLERANCE: member, benefit and units agree, the day within $2 days. Of equal deliveries of one day some are enough:
-- whoever fits one fits all.
insert into fits
select {fit}
from free_lines l
join (
    select *, row_number() over (partition by customer_id, benefit, units, status, delivered_on order by sequence) as place
    from free_deliveries
) d on d.customer_id = l.customer_id and d.benefit = l.benefit and d.units = l.stated_units
    and d.place <= 20 and d.delivered_on between l.occurred_on - $2::integer and l.occurred_on + $2::integer
where not l.taken and d.status = $1;

-- name: fit_other_units
-- Pass UNITS: member, benefit and day agree, the units do not.
insert into fits
select {fit}
from free_lines l
join free_deliveries d on d.customer_id = l.customer_id and d.benefit = l.benefit and d.delivered_on = l.occurred_on
    and d.units <> l.stated_units
where not l.taken and d.status = $1
    -- What may be another line's waits for a person.
    and not exists (select from undecidable u where {undecidable});

-- name: undecidable
-- What may be an undecidable line's: this delivery, or one that nothing tells from it.
u.customer_id = d.customer_id and u.benefit = d.benefit and u.units = d.units and u.delivered_on = d.delivered_on

-- name: match_best
-- Of everything that fits, the pairs that are each other's best: what was not reversed before what was, then the nearest
-- in units, amount and day. Where nothing else tells, what lines say decides, not where they stand; then the ledger's order.
-- To be repeated until nothing is left.
with ranked as (
    select
        *,
        row_number() over (partition by statement, line_no order by {nearest}) as for_line,
        row_number() over (partition by customer_id, sequence order by {nearest}) as for_delivery
    from fits
),
chosen as (
    select * from ranked where for_line = 1 and for_delivery = 1
),
{write_chosen};

-- name: nearest
status = 'REVERSED', stated_units <> units, abs(stated_amount - amount) nulls last, abs(occurred_on - delivered_on),
stated_units, stated_amount, occurred_on, reference nulls last, statement, line_no, customer_id, sequence

-- name: write_chosen
-- The pairs of a round: written down, and told to the next step.
pairs as (
    insert into matches (customer_id, sequence, statement, line_no, pass, kind)
    select
        customer_id, sequence, statement, line_no, $1::match_pass,
        match_kind(status, stated_units, units, stated_amount, amount, occurred_on, delivered_on)
    from chosen
    order by customer_id, sequence
    returning customer_id, sequence, statement, line_no
)
insert into newly select * from pairs

-- name: match_only_fit
-- As above, but only lines that fit one delivery alone: where several fit, nobody but a person may choose.
with counted as (
    select *, count(*) over (partition by statement, line_no) as choices
    from fits
),
ranked as (
    select *, row_number() over (partition by customer_id, sequence order by {nearest}) as for_delivery
    from counted
    where choices = 1
),
chosen as (
    select * from ranked where for_delivery = 1
),
{write_chosen};

-- name: match_only_pairs
-- As above, but only where one line fits one delivery alone, and this delivery no other line.
with counted as (
    select
        *,
        count(*) over (partition by statement, line_no) as choices,
        count(*) over (partition by customer_id, sequence) as rivals
    from fits
),
chosen as (
    select * from counted where choices = 1 and rivals = 1
),
{write_chosen};

-- name: reconciled
update periods set reconciled_at = $2 where id = $1;

-- name: clean_up
drop table if exists exceptions, pairing, rest, fits, newly, free_lines, free_deliveries, undecidable, left_lines;

-- name: carries
select exists (select from carryovers where period = $1 and line_no is not null);

-- name: period
select vendor, month, reconciled_at is null as first from periods where id = $1;

-- name: only_lines
and l.benefit = {benefit} and l.member_no = {member_no}

-- name: only_deliveries
and d.benefit = {benefit} and d.customer_id = {customer_id}::bigint

-- name: only_pairs
-- Those that a narrowed run forgets the findings of: by their line, or by their delivery.
and l.benefit = {benefit} and (l.member_no = {member_no} or m.customer_id = {customer_id}::bigint)

-- name: only_findings
and f.benefit = {benefit}
and (
    f.customer_id = {customer_id}::bigint
    or exists (
        select from statement_lines l
        where l.statement = f.statement and l.line_no = f.line_no and l.member_no = {member_no}
    )
)
