-- Nothing is added to what belongs to a closed period, as nothing of it is changed.
--
-- The service's role may insert, for open periods need it; so far a row that it added to a closed one would have been seen
-- by the seal, after the fact. The triggers look once a statement at all the rows that it added. The transaction that
-- closes a period passes: it writes the settlement first, and then that the period is closed.
-- statement_lines and matches have none: a million rows come at once there, and keeping them for a trigger was measured to
-- cost a tenth of what it takes to store the lines. A line added to a closed period breaks the hash of its statement, a
-- pair that the period would have paid breaks its seal.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create or replace function refuse_addition_when_closed() returns trigger language plpgsql as $$
declare closed integer;
begin
    select p.id into closed from periods p where p.closed_at is not null and p.id in (select a.period from added a) limit 1;
    if found then
        raise exception 'the period % of these % is closed', closed, tg_table_name using errcode = 'restrict_violation';
    end if;
    return null;
end $$;

do $$
declare of_period text;
begin
    foreach of_period in array array['statements', 'findings', 'decisions', 'settlements', 'settlement_lines'] loop
        execute format('create or replace trigger %1$s_closed_addition after insert on %1$I
            referencing new table as added for each statement execute function refuse_addition_when_closed()', of_period);
        execute format('alter table %1$I enable always trigger %1$s_closed_addition', of_period);
    end loop;
end $$;

-- What a period carries on is written before it closes, and into one that is open.
create or replace function refuse_carrying_when_closed() returns trigger language plpgsql as $$
declare closed integer;
begin
    select p.id into closed
    from periods p
    where p.closed_at is not null
        and p.id in (select a.period from added a union all select a.carried_from from added a)
    limit 1;
    if found then
        raise exception 'the period % of these % is closed', closed, tg_table_name using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create or replace trigger carryovers_closed_addition after insert on carryovers
    referencing new table as added for each statement execute function refuse_carrying_when_closed();
alter table carryovers enable always trigger carryovers_closed_addition;

create or replace function refuse_withdrawal_when_closed() returns trigger language plpgsql as $$
declare closed integer;
begin
    select p.id into closed
    from added a join statements s on s.id = a.statement join periods p on p.id = s.period
    where p.closed_at is not null
    limit 1;
    if found then
        raise exception 'the period % of these % is closed', closed, tg_table_name using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create or replace trigger withdrawals_closed_addition after insert on withdrawals
    referencing new table as added for each statement execute function refuse_withdrawal_when_closed();
alter table withdrawals enable always trigger withdrawals_closed_addition;

-- Whose a line is stays so, unless it was carried on into a period that is open, as with its pair.
create or replace function refuse_member_when_closed() returns trigger language plpgsql as $$
declare closed record;
begin
    select a.statement, a.line_no into closed
    from added a join statements s on s.id = a.statement join periods p on p.id = s.period
    where p.closed_at is not null
        and not exists (
            select from carryovers c join periods o on o.id = c.period
            where c.statement = a.statement and c.line_no = a.line_no and o.closed_at is null
        )
    limit 1;
    if found then
        raise exception 'the period of line % of statement % is closed', closed.line_no, closed.statement
            using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create or replace trigger line_members_closed_addition after insert on line_members
    referencing new table as added for each statement execute function refuse_member_when_closed();
create or replace trigger line_members_closed_arrival after update on line_members
    referencing new table as added for each statement execute function refuse_member_when_closed();
create or replace trigger line_members_closed before update or delete on line_members
    for each row execute function refuse_parting_when_closed();
alter table line_members enable always trigger line_members_closed_addition;
alter table line_members enable always trigger line_members_closed_arrival;
alter table line_members enable always trigger line_members_closed;

-- Nor does a finding move into a closed period from one that is open. That is asked only of one that moves: thousands of
-- rows are changed at once.
create or replace function refuse_change_when_closed() returns trigger language plpgsql as $$
begin
    if exists (select from periods where id = old.period and closed_at is not null) then
        raise exception 'the period % of these % is closed', old.period, tg_table_name using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if new.period <> old.period then
        if exists (select from periods where id = new.period and closed_at is not null) then
            raise exception 'the period % of these % is closed', new.period, tg_table_name
                using errcode = 'restrict_violation';
        end if;
    end if;
    return new;
end $$;
