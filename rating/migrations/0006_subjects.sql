-- Who told the events, and nothing of what was recorded is changed.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- The subject of the token by which it came (`cli`: the command line); null: not known, before this version.
alter table policy_events add column if not exists subject text;

-- As with the events themselves. ratings and rating_periods are versions: a later one is appended, none is rewritten.
do $$
declare appended text;
begin
    foreach appended in array array['event_ids', 'ratings', 'rating_periods', 'reratings'] loop
        execute format('create or replace trigger %1$s_append_only before update or delete on %1$I
            for each row execute function refuse_change()', appended);
        execute format('create or replace trigger %1$s_no_truncate before truncate on %1$I
            for each statement execute function refuse_change()', appended);
        execute format('alter table %1$I enable always trigger %1$s_append_only', appended);
        execute format('alter table %1$I enable always trigger %1$s_no_truncate', appended);
    end loop;
end $$;
