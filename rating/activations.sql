-- Which editions are in force: read at every start, and by every writing transaction.

-- name: activations
-- All activations, the one in force last.
select id, handbook, method, activated_at from activations order by id;

-- name: editions
-- The editions of the handbook $1.
select editions from handbooks where fingerprint = $1;

-- name: follow
-- The id of the activation in force, which stays in force until the transaction ends; $1: a transaction that may last.
select follow_activation($1);

-- name: last_id
-- The id of the activation in force.
select max(id) from activations;
