-- Audit events: who looked at whose data.

-- name: make_month
-- The table of the month that a day lies in, if it is not there.
select make_audit_month($1);

-- name: write
-- Events; what was written already stays as it is.
insert into audit_events
    (id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope)
select * from unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[])
on conflict do nothing;

-- Pages of events, newest first: $1 events after the position $2 and $3 (null: from the newest) that happened from the moment $4
-- until before $5, of the members $6, the subjects $7 and the operations $8 (null: all). Each page has its index.

-- name: page
-- By the moment.
select id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope
from audit_events
where (at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    and at >= coalesce($4::timestamptz, '-infinity') and at < coalesce($5::timestamptz, 'infinity')
    and wanted(member_no, $6) is not null
    and wanted(subject, $7) is not null
    and wanted(operation, $8) is not null
order by at desc, id desc
limit $1;

-- name: page_of_members
-- The newest events of each member, then the newest of those: so that a member with few events is found at once, too.
select e.*
from unnest($6::text[]) as asked (member)
cross join lateral (
    select id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope
    from audit_events
    where member_no = asked.member
        and (at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        and at >= coalesce($4::timestamptz, '-infinity') and at < coalesce($5::timestamptz, 'infinity')
        and wanted(subject, $7) is not null
        and wanted(operation, $8) is not null
    order by at desc, id desc
    limit $1
) e
order by e.at desc, e.id desc
limit $1;

-- name: page_of_subjects
-- As page_of_members, by subject.
select e.*
from unnest($7::text[]) as asked (subject)
cross join lateral (
    select id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope
    from audit_events
    where audit_events.subject = asked.subject
        and (at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        and at >= coalesce($4::timestamptz, '-infinity') and at < coalesce($5::timestamptz, 'infinity')
        and wanted(member_no, $6) is not null
        and wanted(operation, $8) is not null
    order by at desc, id desc
    limit $1
) e
order by e.at desc, e.id desc
limit $1;

-- name: page_of_operations
-- As page_of_members, by operation.
select e.*
from unnest($8::text[]) as asked (operation)
cross join lateral (
    select id, at, subject, role, vendor, token_id, operation, request_id, member_no, scope
    from audit_events
    where audit_events.operation = asked.operation
        and (at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        and at >= coalesce($4::timestamptz, '-infinity') and at < coalesce($5::timestamptz, 'infinity')
        and wanted(member_no, $6) is not null
        and wanted(subject, $7) is not null
    order by at desc, id desc
    limit $1
) e
order by e.at desc, e.id desc
limit $1;

-- name: drop_old_months
-- The tables of months that ended before $1 days ago, dropped.
select * from drop_audit_months($1);
