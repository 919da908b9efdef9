-- name: create
-- Copies of the ledger's tables, with their indexes and constraints and without its triggers, and a head for each of $1
-- customers. Filled by pgbench alone: its rows have no hash, and the ledger itself stays in order.
create schema bare;
create table bare.ledger_heads (like public.ledger_heads including all);
create table bare.entries (like public.entries including all);
create table bare.balances (like public.balances including all);
create table bare.redemptions (like public.redemptions including all);
create table bare.outcomes (like public.outcomes including all);

-- name: heads
insert into bare.ledger_heads (customer_id) select * from generate_series(1, $1::integer);
