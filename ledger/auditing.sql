-- Audit events: who looked at whose data.

-- name: make_month
-- The table of the month that a day lies in, if it is not there.
select make_audit_month($1)

-- name: write
-- Events; what was written already stays as it is.
insert into audit_events
    (id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope)
select * from unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[])
on conflict do nothing

-- name: page
-- Events, newest first; $1 is how many.
select id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope
from audit_events
where {conditions}
order by at desc, id desc
limit $1

-- name: drop_old_months
-- The tables of months that ended before $1 days ago, dropped.
select * from drop_audit_months($1)
