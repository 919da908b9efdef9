-- What each entry of a redemption adds to the units that are used and held of its pool; a redemption that began as a hold
-- is taken from what is held. `held_until` is when a hold that is still open runs out: from then on its units no longer
-- count, whether or not that is posted. An account on a past day and the liability of another day add these up.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create or replace view unit_moves as
select
    e.customer_id, e.sequence, e.redemption, e.benefit, e.period, e.policy_no, e.occurred_at,
    case
        when e.kind in ('REDEEM', 'NO_SHOW') then e.units
        when e.kind = 'REVERSE' then -e.units
        else 0
    end as used,
    case
        when e.kind = 'HOLD' then e.units
        when e.kind in ('RELEASE', 'EXPIRE_HOLD', 'NO_SHOW') then -e.units
        when e.kind = 'REDEEM' and e.redemption <> e.sequence then -e.units
        else 0
    end as held,
    case when e.kind = 'HOLD' and r.status = 'HELD' then r.expires_at end as held_until
from entries e
left join redemptions r on r.customer_id = e.customer_id and r.sequence = e.redemption
where e.redemption is not null;

grant select on unit_moves to entitlements_service;
