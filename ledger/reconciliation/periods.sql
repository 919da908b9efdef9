-- Periods and their locks.

-- name: vendor_exists
select exists (select from vendors where code = $1);

-- name: lock_vendor
-- Serialises submitting, deciding and closing for each vendor: a delivery may match lines of two months, and a
-- settlement is sealed with the one before. Redemptions do not wait for it.
select code from vendors where code = $1 for no key update;

-- name: open_period
-- The row of the vendor's month, made if it is not there.
insert into periods (vendor, month) values ($1, $2) on conflict (vendor, month) do nothing;

-- name: period_of_month
select id, vendor, month, closed_at from periods where vendor = $1 and month = $2;

-- name: period_by_id
select id, vendor, month, closed_at from periods where id = $1;
