-- The clock's inputs, from the view hold_clocks (migration 0009), which does not depend on the time. Whether a hold is
-- overdue follows from comparing with the deadlines.

-- name: clocks
-- The clocks of those of the redemptions $1 and $2 that began as holds.
select c.*
from unnest($1::bigint[], $2::bigint[]) as asked (customer_id, sequence)
join hold_clocks c on c.customer_id = asked.customer_id and c.sequence = asked.sequence;

-- name: milestones
-- The milestones of the redemptions $1 and $2, in the order of recording.
select s.customer_id, s.redemption, s.kind, s.occurred_at, s.appointment_at, s.actor, s.key, s.recorded_at, s.subject
from unnest($1::bigint[], $2::bigint[]) as asked (customer_id, sequence)
join milestones s on s.customer_id = asked.customer_id and s.redemption = asked.sequence
order by s.customer_id, s.redemption, s.id;

-- name: report
-- How many of the holds that were booked at the vendors $1 from the moment $2 until before $3 have the same clock: by
-- vendor, benefit and the days that matter. $4 to $7 are the promises for holds of each benefit and day: the first
-- moments too late. All that was in time is one group.
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
    (c.released_at at time zone 'Asia/Shanghai')::date as released_on,
    count(*) as holds
from hold_clocks c
join unnest($4::text[], $5::date[], $6::timestamptz[], $7::timestamptz[])
    as p (benefit, held_on, respond_by, arrange_by)
    on p.benefit = c.benefit and p.held_on = c.held_on
where c.vendor = any ($1::text[]) and c.held_at >= $2 and c.held_at < $3
group by 1, 2, 3, 4, 5, 6;

-- name: late
-- For each pair of a vendor and a benefit, $8 and $9, up to $10 of the same holds that are late or overdue at the moment
-- $14, after the position $11 to $13 (null: from the newest), newest first.
select page.vendor, page.benefit, page.customer_id, page.sequence
from (
    select
        c.vendor, c.benefit, c.customer_id, c.sequence, c.recorded_at,
        row_number() over (
            partition by c.vendor, c.benefit order by c.recorded_at desc, c.customer_id desc, c.sequence desc
        ) as number
    from hold_clocks c
    join unnest($8::text[], $9::text[]) as asked (vendor, benefit)
        on asked.vendor = c.vendor and asked.benefit = c.benefit
    join unnest($4::text[], $5::date[], $6::timestamptz[], $7::timestamptz[])
        as p (benefit, held_on, respond_by, arrange_by)
        on p.benefit = c.benefit and p.held_on = c.held_on
    where
        c.vendor = any ($1::text[]) and c.held_at >= $2 and c.held_at < $3
        and (
            coalesce(c.responded_at, c.released_at, $14::timestamptz) >= p.respond_by
            or coalesce(c.arranged_at, c.released_at, $14::timestamptz) >= p.arrange_by
        )
        and (
            $11::timestamptz is null
            or (c.recorded_at, c.customer_id, c.sequence) < ($11::timestamptz, $12::bigint, $13::bigint)
        )
) page
where page.number <= $10
order by page.vendor, page.benefit, page.recorded_at desc, page.customer_id desc, page.sequence desc;
