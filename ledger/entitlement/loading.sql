-- Accounts, for a set of customers at a time.

-- name: accounts
-- Customers with what the rules need, nested: spans of the current rating, policies, relatives.
select
    c.id,
    c.member_no,
    l.anchor,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as spans,
    (
        select array_agg((p.policy_no, p.line, p.statuses::text) order by p.policy_no)
        from policies p
        where p.customer_id = l.customer_id
    ) as policies,
    (
        select array_agg((f.relative_id, f.name, f.relation, f.registered_on) order by f.relative_id)
        from relatives f
        where f.customer_id = l.customer_id
    ) as relatives
from ledger_heads l
join rating_heads r on r.customer_id = l.customer_id
join customers c on c.id = l.customer_id
where l.customer_id = any($1::bigint[])
order by l.customer_id;

-- name: rated_accounts
-- The same without relatives, with what the current rating was computed by, and when, and with used and held units by pool,
-- as taken_now at $2.
select
    c.id,
    c.member_no,
    l.anchor,
    v.known_from,
    v.handbook,
    v.computed_at,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as spans,
    (
        select array_agg((p.policy_no, p.line, p.statuses::text) order by p.policy_no)
        from policies p
        where p.customer_id = l.customer_id
    ) as policies,
    (
        select array_agg((
            b.benefit,
            b.period,
            b.policy_no,
            b.used,
            case when b.held > 0 then b.held - (
                select coalesce(sum(o.units), 0)::integer
                from redemptions o
                where o.customer_id = b.customer_id and o.status = 'HELD' and o.expires_at <= $2
                  and o.benefit = b.benefit and o.period = b.period and o.policy_no = b.policy_no
            ) else 0 end
        ))
        from balances b
        where b.customer_id = l.customer_id and (b.used > 0 or b.held > 0)
    ) as taken
from ledger_heads l
join rating_heads r on r.customer_id = l.customer_id
join ratings v on v.customer_id = r.customer_id and v.version = r.version
join customers c on c.id = l.customer_id
where l.customer_id = any($1::bigint[]);

-- name: rated_accounts_by_member_no
-- As rated_accounts, of the member numbers $1, with the name and the day of registration.
select
    c.id,
    c.member_no,
    c.name,
    c.registered_on,
    l.anchor,
    v.known_from,
    v.handbook,
    v.computed_at,
    (
        select array_agg((p.starts_on, p.ends_on, p.star, p.rated_premium, p.edition) order by p.starts_on)
        from rating_periods p
        where p.customer_id = r.customer_id and p.version = r.version
    ) as spans,
    (
        select array_agg((p.policy_no, p.line, p.statuses::text) order by p.policy_no)
        from policies p
        where p.customer_id = l.customer_id
    ) as policies,
    (
        select array_agg((
            b.benefit,
            b.period,
            b.policy_no,
            b.used,
            case when b.held > 0 then b.held - (
                select coalesce(sum(o.units), 0)::integer
                from redemptions o
                where o.customer_id = b.customer_id and o.status = 'HELD' and o.expires_at <= $2
                  and o.benefit = b.benefit and o.period = b.period and o.policy_no = b.policy_no
            ) else 0 end
        ))
        from balances b
        where b.customer_id = l.customer_id and (b.used > 0 or b.held > 0)
    ) as taken
from customers c
join ledger_heads l on l.customer_id = c.id
join rating_heads r on r.customer_id = c.id
join ratings v on v.customer_id = r.customer_id and v.version = r.version
where c.member_no = any($1::text[]);

-- name: taken_now
-- Used and held units by pool, from the balances; holds that have run out by $2 no longer count.
select b.customer_id, b.benefit, b.period, b.policy_no, b.used, b.held - coalesce(o.units, 0) as held
from balances b
left join (
    select customer_id, benefit, period, policy_no, sum(units)::integer as units
    from redemptions
    where customer_id = any($1::bigint[]) and status = 'HELD' and expires_at <= $2
    group by customer_id, benefit, period, policy_no
) o
    on
        o.customer_id = b.customer_id
        and o.benefit = b.benefit
        and o.period = b.period
        and o.policy_no = b.policy_no
where b.customer_id = any($1::bigint[]) and (b.used > 0 or b.held > 0);

-- name: taken_by
-- Used and held units by pool, from the entries that had occurred before $2. Holds that had run out before then no longer
-- count: one that runs out at $2 itself is still held, as its EXPIRE_HOLD has occurred at $2. Each redemption is counted by
-- itself, because a delivery may be dated before its hold.
select
    customer_id, benefit, period, policy_no, sum(used)::integer as used, sum(held)::integer as held
from (
    select
        customer_id,
        benefit,
        period,
        policy_no,
        greatest(0, sum(used)) as used,
        greatest(0, coalesce(sum(held) filter (where held_until is null or held_until >= $2), 0)) as held
    from unit_moves
    where customer_id = any($1::bigint[]) and occurred_at < $2
    group by customer_id, benefit, period, policy_no, redemption
) each_redemption
group by customer_id, benefit, period, policy_no;
