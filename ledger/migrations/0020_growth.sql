-- Indexes and settings for millions of customers; what is stored stays as it is.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- A vendor's newest entries, as redemptions_by_vendor. (Its holds of some days are looked up in entries_by_vendor.)
create index if not exists entries_newest_by_vendor
    on entries (vendor, recorded_at desc, customer_id desc, sequence desc) where vendor is not null;

-- Most entries are grants and expiries. A page of holds, deliveries and so on need not pass them all, and finds in the
-- index what it is narrowed by.
create index if not exists entries_newest_of_redemptions
    on entries (recorded_at desc, customer_id desc, sequence desc) include (kind, benefit, occurred_at)
    where redemption is not null;

-- Rows that never change are frozen when they are first vacuumed, and that is after some hundred thousand new ones: not
-- all at once when the table's oldest transaction is too old. Statistics follow as the table grows.
do $$
declare appended text;
begin
    foreach appended in array array['entries', 'outcomes', 'milestones'] loop
        execute format('alter table %I set (
            autovacuum_freeze_min_age = 0,
            autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0.01,
            autovacuum_analyze_scale_factor = 0.02)', appended);
    end loop;
end $$;

-- A redemption writes its customer's head and balance anew. No indexed column of theirs changes, so with room on its page
-- the new row stands beside the old one and no index is touched. (The status of a redemption is part of indexes: there,
-- room would be of no use.) Old rows are cleared away before they are many.
alter table ledger_heads set (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table balances set (
    fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table redemptions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- Months of audit events are written in a short time, and then only read.
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
    execute format('create table if not exists %I partition of audit_events for values from (%L) to (%L)
        with (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.05)',
        month, first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
    -- Not inherited, unlike the trigger of rows: without it the month could be emptied by its own name.
    execute format('create or replace trigger audit_events_no_truncate before truncate on %I
        for each statement execute function refuse_change()', month);
    execute format('alter table %I enable always trigger audit_events_no_truncate', month);
end $$;
