-- What vendors reply to findings in dispute.

-- name: replies
-- All replies to findings by line ($1 period, $2 statement, $3 number) and by delivery ($4 period, $5 customer,
-- $6 sequence), oldest first: in their period, and before they were carried into it. OFFSET 0 keeps each looked up by an
-- index.
select asked.period as asked_in, r.*
from unnest($1::integer[], $2::integer[], $3::integer[]) as asked (period, statement, line_no)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
cross join lateral (
    select * from replies r
    where r.period = q.id and r.statement = asked.statement and r.line_no = asked.line_no
    offset 0
) r
union all
select asked.period, r.*
from unnest($4::integer[], $5::bigint[], $6::bigint[]) as asked (period, customer_id, sequence)
join periods p on p.id = asked.period
join periods q on q.vendor = p.vendor and q.month <= p.month
cross join lateral (
    select * from replies r
    where r.period = q.id and r.customer_id = asked.customer_id and r.sequence = asked.sequence
    offset 0
) r
order by id;

-- name: reply
insert into replies (period, statement, line_no, customer_id, sequence, message, evidence, replied_by, replied_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);
