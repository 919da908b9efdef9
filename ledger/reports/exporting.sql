-- Exports of the ledger. A text between braces is filled in by exporting.py.

-- name: entries
-- Entries with all that is needed to check each: every field that its hash covers, and the previous hash. In the
-- order of the ledger, so that in a file without a filter each line's hash is the next one's previous.
select e.*, c.member_no, p.hash as previous
from entries e
join customers c on c.id = e.customer_id
left join entries p on p.customer_id = e.customer_id and p.sequence = e.sequence - 1
where {conditions}
order by e.customer_id, e.sequence

-- name: unknown
-- Which of the vendors $1 and of the member numbers $2 do not exist.
select 'vendor' as what, asked.value
from unnest($1::text[]) as asked (value)
where not exists (select from vendors v where v.code = asked.value)
union all
select 'member', asked.value
from unnest($2::text[]) as asked (value)
where not exists (select from customers c where c.member_no = asked.value)
