-- Exports of the ledger.

-- name: plan_for_values
-- An export has a few entries or millions: each is planned for its own filter.
set local plan_cache_mode = force_custom_plan;

-- name: entries
-- Entries with all that is needed to check each: every field that its hash covers, and the previous hash. In the
-- order of the ledger, so that in a file without a filter each line's hash is the next one's previous. Of the vendors $1,
-- the kinds $2, the benefits $3, the member numbers $4, that occurred from the moment $5 until before $6 (null: all).
select e.*, c.member_no, p.hash as previous
from entries e
join customers c on c.id = e.customer_id
left join entries p on p.customer_id = e.customer_id and p.sequence = e.sequence - 1
where ($1::text[] is null or e.vendor = any ($1))
    and ($2::text[] is null or e.kind = any ($2))
    and ($3::text[] is null or e.benefit = any ($3))
    -- An array, not a join: so the planner starts from the customer's key.
    and ($4::text[] is null or e.customer_id = any (array(select id from customers where member_no = any ($4))))
    and ($5::timestamptz is null or e.occurred_at >= $5)
    and ($6::timestamptz is null or e.occurred_at < $6)
order by e.customer_id, e.sequence;

-- name: unknown
-- Which of the vendors $1 and of the member numbers $2 do not exist.
select 'vendor' as what, asked.value
from unnest($1::text[]) as asked (value)
where not exists (select from vendors v where v.code = asked.value)
union all
select 'member', asked.value
from unnest($2::text[]) as asked (value)
where not exists (select from customers c where c.member_no = asked.value);
