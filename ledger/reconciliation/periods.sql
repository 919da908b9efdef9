-- The rows of periods, and who holds them.

-- name: vendor_exists
select exists (select from vendors where code = $1);

-- name: open_period
-- The row of the vendor's month, made if it is not there.
insert into periods (vendor, month) values ($1, $2) on conflict (vendor, month) do nothing;

-- name: lock_period
-- Submitting, deciding and closing take turns on this row.
select id, vendor, month, closed_at from periods where vendor = $1 and month = $2 for update;

-- name: lock_period_by_id
select id, vendor, month, closed_at from periods where id = $1 for update;
