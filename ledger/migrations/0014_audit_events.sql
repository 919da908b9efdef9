-- Who looked at whose data, and when. Append-only; what is older than the retention goes by whole months.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- One row for each request and each member that its answer showed. A file of many members is one row without a member;
-- `scope` then says what was asked for.
create table if not exists audit_events (
    id uuid not null,
    at timestamptz not null,
    subject text not null,
    role text not null,
    vendor text,
    token_id text,
    operation text,          -- null: it had no name
    request_id text,
    member_no text,
    scope text,
    primary key (at, id),
    constraint audit_events_tell_whom check (num_nonnulls(member_no, scope) >= 1)
) partition by range (at);
create index if not exists audit_events_by_member on audit_events (member_no, at desc, id desc)
    where member_no is not null;
create index if not exists audit_events_by_subject on audit_events (subject, at desc, id desc);
create index if not exists audit_events_by_operation on audit_events (operation, at desc, id desc)
    where operation is not null;

create or replace trigger audit_events_append_only before update or delete on audit_events
    for each row execute function refuse_change();
create or replace trigger audit_events_no_truncate before truncate on audit_events
    for each statement execute function refuse_change();
alter table audit_events enable always trigger audit_events_append_only;
alter table audit_events enable always trigger audit_events_no_truncate;

-- The table of a month (in UTC), if it is not there. Whoever writes events calls it: the service owns no table and could not
-- make one itself.
create or replace function make_audit_month(day date) returns void language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    first_day date := date_trunc('month', day);
    month text := to_char(first_day, '"audit_events_"YYYY_MM');
begin
    if to_regclass(month) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(7216530115);  -- whoever waited finds it made; what follows bears that
    execute format('create table if not exists %I partition of audit_events for values from (%L) to (%L)',
        month, first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
    -- Not inherited, unlike the trigger of rows: without it the month could be emptied by its own name.
    execute format('create or replace trigger audit_events_no_truncate before truncate on %I
        for each statement execute function refuse_change()', month);
    execute format('alter table %I enable always trigger audit_events_no_truncate', month);
end $$;

-- Drop the months that ended before so many days ago; their names. The only way in which events go, and never those of the
-- last 90 days, whoever calls it.
create or replace function drop_audit_months(kept_days integer) returns setof text language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    month record;
begin
    if kept_days is null or kept_days < 90 then
        raise exception 'audit events are kept for 90 days at least' using errcode = 'restrict_violation';
    end if;
    perform pg_advisory_xact_lock(7216530115);
    for month in
        select inhrelid::regclass::text as name
        from pg_inherits
        where inhparent = 'audit_events'::regclass
            and to_date(right(inhrelid::regclass::text, 7), 'YYYY_MM') + interval '1 month'
                <= (now() at time zone 'UTC') - make_interval(days => kept_days)
        order by name
    loop
        execute format('drop table %I', month.name);
        return next month.name;
    end loop;
end $$;

revoke execute on function make_audit_month(date), drop_audit_months(integer) from public;
grant execute on function make_audit_month(date), drop_audit_months(integer) to entitlements_service;
grant select, insert on audit_events to entitlements_service;
