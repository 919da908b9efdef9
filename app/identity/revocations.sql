-- name: in_force
-- The tokens and subjects that are revoked, as far as a token that they mean could still be valid.
select token_id, subject, max(issued_before) as issued_before
from revocations
where ends_at > now()
group by token_id, subject;

-- name: revoke
-- One more revocation; when it ends.
insert into revocations (token_id, subject, issued_before, ends_at, reason)
values ($1, $2, $3, $4, $5)
returning ends_at;
