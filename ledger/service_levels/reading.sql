-- What the working-day clock reads of holds. A text between braces is filled in by reading.py, from this file only.
-- $1 is always the moment of the question: a hold that has run out by then has ended, posted or not.

-- name: holds
-- Of holds h (their first entries): when the vendor answered and arranged, and when a hold ended without delivery. The
-- first milestone of a kind counts, and the last appointment. The entry after a hold tells its end: a delivery or a
-- no-show is a response and an arrangement at the latest; a release or a lapse is the end of what is owed.
select
    h.customer_id, h.sequence, h.vendor, h.benefit, h.recorded_at, h.occurred_at as held_at,
    (h.occurred_at at time zone 'Asia/Shanghai')::date as held_on,
    least(m.responded_at, m.arranged_at, case when next.kind in ('REDEEM', 'NO_SHOW') then next.occurred_at end)
        as responded_at,
    least(m.arranged_at, case when next.kind in ('REDEEM', 'NO_SHOW') then next.occurred_at end) as arranged_at,
    m.appointment_at,
    case
        when next.kind in ('RELEASE', 'EXPIRE_HOLD') then next.occurred_at
        when next.kind is null and r.expires_at <= $1 then r.expires_at
    end as ended_at
from ({of_holds}) h
join redemptions r on r.customer_id = h.customer_id and r.sequence = h.sequence
left join lateral (
    select
        (array_agg(s.occurred_at order by s.id) filter (where s.kind = 'RESPONDED'))[1] as responded_at,
        (array_agg(s.occurred_at order by s.id) filter (where s.kind = 'ARRANGED'))[1] as arranged_at,
        (array_agg(s.appointment_at order by s.id desc) filter (where s.kind = 'ARRANGED'))[1] as appointment_at
    from milestones s
    where s.customer_id = h.customer_id and s.redemption = h.sequence
) m on true
left join lateral (
    select l.kind, l.occurred_at
    from entries l
    where l.customer_id = h.customer_id and l.sequence > h.sequence and l.redemption = h.sequence
      and l.kind <> 'HOLD' -- the hold goes over to the policy that was issued
    order by l.sequence
    limit 1
) next on true

-- name: these_holds
-- The redemptions named by $2 and $3, as far as they began as holds.
select e.*
from unnest($2::bigint[], $3::bigint[]) as asked (customer_id, sequence)
join entries e on e.customer_id = asked.customer_id and e.sequence = asked.sequence and e.kind = 'HOLD'

-- name: holds_in_span
-- The holds that were booked at the vendors $2 from the moment $3 until before $4.
select e.*
from entries e
where e.vendor = any ($2::text[]) and e.occurred_at >= $3 and e.occurred_at < $4 and e.kind = 'HOLD'
  and e.redemption = e.sequence

-- name: milestones
-- What was reported of the redemptions $1 and $2, in the order in which it was recorded.
select s.customer_id, s.redemption, s.kind, s.occurred_at, s.appointment_at, s.actor, s.key, s.recorded_at
from unnest($1::bigint[], $2::bigint[]) as asked (customer_id, sequence)
join milestones s on s.customer_id = asked.customer_id and s.redemption = asked.sequence
order by s.customer_id, s.redemption, s.id

-- name: clocks
-- The clocks of single redemptions.
{holds}

-- name: report
-- How many holds have the same clock: by vendor, benefit and the days that matter. $5 to $8 are the promises for holds
-- of each benefit and day: the first moments too late. What was in time is one group, whenever it was.
select
    c.vendor, c.benefit, c.held_on,
    case
        when c.responded_at < p.respond_by then c.held_on
        when p.respond_by is not null then (c.responded_at at time zone 'Asia/Shanghai')::date
    end as responded_on,
    case
        when c.arranged_at < p.arrange_by then c.held_on
        when p.arrange_by is not null then (c.arranged_at at time zone 'Asia/Shanghai')::date
    end as arranged_on,
    (c.ended_at at time zone 'Asia/Shanghai')::date as ended_on,
    count(*) as holds
from ({holds}) c
join unnest($5::text[], $6::date[], $7::timestamptz[], $8::timestamptz[])
    as p (benefit, held_on, respond_by, arrange_by)
    on p.benefit = c.benefit and p.held_on = c.held_on
group by 1, 2, 3, 4, 5, 6

-- name: late
-- For each pair of a vendor and a benefit, $9 and $10, up to $11 holds that are late or overdue after the place $12 to
-- $14 (null: from the newest), newest first.
select asked.vendor, asked.benefit, page.customer_id, page.sequence
from unnest($9::text[], $10::text[]) as asked (vendor, benefit)
cross join lateral (
    select c.customer_id, c.sequence, c.recorded_at
    from ({holds}) c
    join unnest($5::text[], $6::date[], $7::timestamptz[], $8::timestamptz[])
        as p (benefit, held_on, respond_by, arrange_by)
        on p.benefit = c.benefit and p.held_on = c.held_on
    where
        c.vendor = asked.vendor
        and c.benefit = asked.benefit
        and (
            coalesce(c.responded_at, c.ended_at, $1) >= p.respond_by
            or coalesce(c.arranged_at, c.ended_at, $1) >= p.arrange_by
        )
        and (
            $12::timestamptz is null
            or (c.recorded_at, c.customer_id, c.sequence) < ($12::timestamptz, $13::bigint, $14::bigint)
        )
    order by c.recorded_at desc, c.customer_id desc, c.sequence desc
    limit $11
) page
order by asked.vendor, asked.benefit, page.recorded_at desc, page.customer_id desc, page.sequence desc
