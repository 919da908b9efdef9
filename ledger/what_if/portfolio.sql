-- What several processes need to read the same state of the portfolio.

-- name: export_snapshot
-- Names what this transaction sees, so that others can see the same until it ends.
select pg_export_snapshot();
