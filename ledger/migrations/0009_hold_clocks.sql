-- What the service-level clock reads of holds.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- Holds (their first entries): when the vendor answered and arranged, and when it released a hold that it had not delivered.
-- The first milestone of a kind counts, and the last appointment. A delivery or a no-show is a response and an arrangement at
-- the latest; what is released after a delivery is the rest of it. That a hold ran out is nothing that the vendor did.
create or replace view hold_clocks as
select
    h.customer_id, h.sequence, h.vendor, h.benefit, h.recorded_at, h.occurred_at as held_at,
    (h.occurred_at at time zone 'Asia/Shanghai')::date as held_on,
    least(m.responded_at, m.arranged_at, l.done_at) as responded_at,
    least(m.arranged_at, l.done_at) as arranged_at,
    m.appointment_at,
    case when l.done_at is null then l.released_at end as released_at
from entries h
left join lateral (
    select
        (array_agg(s.occurred_at order by s.id) filter (where s.kind = 'RESPONDED'))[1] as responded_at,
        (array_agg(s.occurred_at order by s.id) filter (where s.kind = 'ARRANGED'))[1] as arranged_at,
        (array_agg(s.appointment_at order by s.id desc) filter (where s.kind = 'ARRANGED'))[1] as appointment_at
    from milestones s
    where s.customer_id = h.customer_id and s.redemption = h.sequence
) m on true
left join lateral (
    select
        min(e.occurred_at) filter (where e.kind in ('REDEEM', 'NO_SHOW')) as done_at,
        min(e.occurred_at) filter (where e.kind = 'RELEASE') as released_at
    from entries e
    where e.customer_id = h.customer_id and e.sequence > h.sequence and e.redemption = h.sequence
) l on true
where h.kind = 'HOLD';

grant select on hold_clocks to entitlements_service;
