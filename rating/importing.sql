-- Statements of the import. The file is staged in temporary tables of this transaction, so that the program's memory
-- does not depend on its size.

-- name: create_staging
create temporary table staged_lines (
    line_no bigint not null,
    member_no text not null,
    event_id text not null,
    registers boolean not null,  -- a customer
    recorded_at timestamptz,     -- if the event says so
    content_hash bytea not null,
    content bytea not null,
    line bytea not null
) on commit drop;
create temporary table rejected_lines (
    line_no bigint not null,
    event_id text,
    reason_zh text not null,
    reason_en text not null,
    line bytea not null
) on commit drop;

-- name: index_staging
create index on staged_lines (member_no, line_no);
analyze staged_lines;

-- name: drop_staging
drop table staged_lines, rejected_lines;

-- name: drop_repeated
-- Lines whose events were recorded before with the same content.
delete from staged_lines s
using event_ids e
where e.event_id = s.event_id and e.content_hash = s.content_hash;

-- name: clashing_lines
-- Lines with the event id of an earlier line and other content, beside that line.
select s.line_no, s.event_id, s.line, s.content, earlier.content as first_content
from (
    select
        line_no,
        content_hash,
        first_value(line_no) over same_id as first_line_no,
        first_value(content_hash) over same_id as first_hash
    from staged_lines
    window same_id as (partition by event_id order by line_no)
) clash
join staged_lines s on s.line_no = clash.line_no
join staged_lines earlier on earlier.line_no = clash.first_line_no
where clash.content_hash <> clash.first_hash;

-- name: drop_rejected
delete from staged_lines s using rejected_lines r where r.line_no = s.line_no;

-- name: customers_staged
select count(distinct member_no) from staged_lines;

-- name: recorded_since
-- The earliest moment of recording; $1 is that of events that do not say so.
select least(min(recorded_at), $1::timestamptz) from staged_lines;

-- name: lines_by_customer
-- The next $3 lines after the line $2 of the customer $1. Customers in sorted order, so that all transactions lock them
-- in the same order; each one's lines as in the file.
select member_no, line_no, event_id, registers, content_hash, content, line
from staged_lines
where (member_no, line_no) > ($1, $2)
order by member_no, line_no
limit $3;

-- name: rejections
-- The next $2 rejected lines after the line $1.
select line_no, event_id, reason_zh, reason_en, line
from rejected_lines
where line_no > $1
order by line_no
limit $2;
