-- Settings for millions of customers: see ledger.0020_growth. What is stored stays as it is.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

do $$
declare appended text;
begin
    foreach appended in array array['policy_events', 'event_ids', 'ratings', 'rating_periods'] loop
        execute format('alter table %I set (
            autovacuum_freeze_min_age = 0,
            autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0.01,
            autovacuum_analyze_scale_factor = 0.02)', appended);
    end loop;
end $$;

-- Written anew whenever something is told of the customer or of the policy.
alter table rating_heads set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
alter table policies set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
