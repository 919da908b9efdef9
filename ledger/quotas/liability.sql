-- The liability on a day: the allowances of the members' stars less used and held units.
-- $1 is the day; $2 the grid of its edition: an array of {star, benefit, variant, per, units, wished} (units null: no
-- limit; wished: a number that is applied for before there is a policy, so none is owed but those that are taken); $3 a
-- moment; $4 whether it is now.

-- name: liability
-- For each star and benefit of the grid: members, the units that their allowances add up to, what is used and held of
-- them, and what is left. Only pools with used or held units are looked at one by one: the others are whole.
with grid as (
    select *
    from jsonb_to_recordset($2::jsonb)
        as g (number integer, star smallint, benefit text, variant text, per text, units bigint, wished boolean)
),
members as materialized (
    select h.customer_id, p.star, greatest(1, since.years + (since.anniversary <= $1)::integer) as service_year
    from rating_heads h
    join rating_periods p
        on p.customer_id = h.customer_id and p.version = h.version
        and p.starts_on <= $1 and (p.ends_on is null or p.ends_on > $1)
    left join ledger_heads l on l.customer_id = h.customer_id
    cross join lateral (
        -- until it is stored, the first service year begins on the first day with a star
        select coalesce(l.anchor, (
            select min(f.starts_on) from rating_periods f
            where f.customer_id = h.customer_id and f.version = h.version and f.star > 0
        )) as anchor
    ) first
    cross join lateral (
        select
            (extract(year from $1::date) - extract(year from first.anchor))::integer as years,
            (first.anchor + make_interval(
                years => (extract(year from $1::date) - extract(year from first.anchor))::integer
            ))::date as anniversary
    ) since
    where p.star > 0
),
counted as (
    select star, count(*) as members from members group by star
),
carrying as materialized (
    -- individual policies in force on the day: what is given per policy is given for each of them
    select m.customer_id, m.star, o.policy_no
    from members m
    join policies o on o.customer_id = m.customer_id and o.line = 'individual'
    where exists (select from grid g where g.star = m.star and g.per = 'POLICY')
      and (
          select s.status ->> 1
          from jsonb_array_elements(o.statuses) with ordinality as s (status, number)
          where (s.status ->> 0)::date <= $1
          order by s.number desc
          limit 1
      ) = 'IN_FORCE'
),
policies_counted as (
    select star, count(*) as policies from carrying group by star
),
pools as (
    -- Now: from the balances. Holds that have run out by the moment no longer count.
    select b.customer_id, b.benefit, b.period, b.policy_no, b.used, b.held - coalesce(o.units, 0) as held
    from balances b
    left join (
        select customer_id, benefit, period, policy_no, sum(units)::integer as units
        from redemptions
        where status = 'HELD' and expires_at <= $3
        group by customer_id, benefit, period, policy_no
    ) o
        on o.customer_id = b.customer_id and o.benefit = b.benefit and o.period = b.period and o.policy_no = b.policy_no
    where $4::boolean and (b.used > 0 or b.held > 0)
    union all
    -- At another moment: from the entries that had occurred before, as an account has it (`taken_by`). Pools of other
    -- service years are filtered out early.
    select customer_id, benefit, period, policy_no, sum(used)::integer as used, sum(held)::integer as held
    from (
        select
            u.customer_id, u.benefit, u.period, u.policy_no,
            greatest(0, sum(u.used)) as used,
            greatest(0, coalesce(sum(u.held) filter (where u.held_until is null or u.held_until >= $3), 0)) as held
        from members m
        join unit_moves u on u.customer_id = m.customer_id and u.period in (0, m.service_year)
        where not $4 and u.occurred_at < $3
        group by u.customer_id, u.benefit, u.period, u.policy_no, u.redemption
    ) each_redemption
    group by customer_id, benefit, period, policy_no
),
taken as (
    select
        g.star, g.benefit, sum(b.used) as used, sum(b.held) as held,
        sum(case when g.wished then b.used + b.held else least(g.units, b.used + b.held) end) as gone
    from members m
    join pools b on b.customer_id = m.customer_id
    join grid g on g.star = m.star and g.benefit = b.benefit
    where b.period = case when g.per in ('MEMBERSHIP', 'POLICY') then 0 else m.service_year end
      and case
          when g.wished then true
          when g.per = 'POLICY' then exists (
              select from carrying c where c.customer_id = b.customer_id and c.policy_no = b.policy_no
          )
          else b.policy_no = ''
      end
    group by g.star, g.benefit
),
summed as (
    select
        g.*,
        coalesce(c.members, 0) as members,
        case
            when g.wished then coalesce(t.gone, 0)
            when g.per = 'POLICY' then g.units * coalesce(o.policies, 0)
            else g.units * coalesce(c.members, 0)
        end as allowance,
        coalesce(t.used, 0)::bigint as used,
        coalesce(t.held, 0)::bigint as held,
        coalesce(t.gone, 0) as gone,
        p.unit_price
    from grid g
    left join counted c on c.star = g.star
    left join policies_counted o on o.star = g.star
    left join taken t on t.star = g.star and t.benefit = g.benefit
    left join highest_prices($2, $1) p on p.star = g.star and p.benefit = g.benefit
)
select
    star, benefit, variant, per, members, allowance, used, held, (allowance - gone)::bigint as remaining, unit_price,
    (allowance - gone) * unit_price as value
from summed
order by number;

-- name: prices
-- What one unit of each benefit and star of the grid costs on the day.
select star, benefit, unit_price from highest_prices($2, $1);
