-- Statements for several processes that read the same snapshot.

-- name: export_snapshot
-- Exports this transaction's snapshot, so that others can use it until it ends.
select pg_export_snapshot();
