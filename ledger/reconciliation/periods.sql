-- The rows of periods, and who may work on them.

-- name: vendor_exists
select exists (select from vendors where code = $1);

-- name: lock_vendor
-- Submitting, deciding and closing take turns, vendor by vendor: a delivery may be in reach of two months, a settlement is
-- sealed with the one before. Whoever redeems waits for none of it.
select code from vendors where code = $1 for no key update;

-- name: open_period
-- The row of the vendor's month, made if it is not there.
insert into periods (vendor, month) values ($1, $2) on conflict (vendor, month) do nothing;

-- name: period_of_month
select id, vendor, month, closed_at from periods where vendor = $1 and month = $2;

-- name: period_by_id
select id, vendor, month, closed_at from periods where id = $1;
