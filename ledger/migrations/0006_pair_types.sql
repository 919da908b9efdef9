-- The pass and the kind of a pair as types: four bytes, and nothing to check. Of a million pairs, written one by one, that
-- is a fifth of the time.
do $$
begin
    if to_regtype('match_pass') is not null then
        return;
    end if;
    create type match_pass as enum ('REFERENCE', 'EXACT', 'TOLERANCE', 'UNITS', 'HAND');
    create type pair_kind as enum ('MATCHED', 'UNITS_DIFFER', 'AMOUNT_DIFFERS', 'DATE_DIFFERS', 'REVERSED');
    drop index matches_differing;
    alter table matches
        drop constraint matches_pass_known,
        drop constraint matches_kind_known,
        alter column pass type match_pass using pass::match_pass,
        alter column kind type pair_kind using kind::pair_kind;
    create index matches_differing on matches (statement, line_no) where kind <> 'MATCHED';
    drop function match_kind(text, integer, integer, numeric, numeric, date, date);
end $$;

-- What a line and a delivery have that differs, the weightiest first.
create or replace function match_kind(
    status text, stated_units integer, units integer, stated_amount numeric, amount numeric,
    stated_on date, delivered_on date
) returns pair_kind language sql immutable parallel safe as $$
    select case
        when status = 'REVERSED' then 'REVERSED'::pair_kind
        when stated_units <> units then 'UNITS_DIFFER'
        when stated_amount is distinct from amount then 'AMOUNT_DIFFERS'
        when stated_on <> delivered_on then 'DATE_DIFFERS'
        else 'MATCHED'
    end
$$;
