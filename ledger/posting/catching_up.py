"""Posting what is due: holds that ran out, years that ended, grants that follow the tier. Pure.

The ledger posts the difference between what the tier gives today and what is net granted, so used units carry over by
themselves; a revoke never takes more than is available, so nothing is clawed back. Reads and decisions never depend on
it: it only brings the entries up to date.
"""

from collections.abc import Container
from datetime import date, datetime

from handbook import Counted, Edition, Handbook, Per, business_day, start_of
from ledger.entitlement.account import PoolKey, pool_key, pool_term
from ledger.posting.entries import Balance, EntryKind, RedemptionStatus
from ledger.posting.state import Posting


class _Everything:
    """A container that contains every benefit."""

    def __contains__(self, _item: object) -> bool:
        return True


EVERY_BENEFIT: Container[str] = _Everything()


def catch_up(posting: Posting, *, handbook: Handbook, benefits: Container[str] = EVERY_BENEFIT) -> None:
    """Post on `posting` all that is due for `benefits`, as of the moment at which it records."""
    expire_holds(posting, benefits=benefits)
    update_pools(posting, handbook=handbook, benefits=benefits)


def update_pools(
    posting: Posting,
    *,
    handbook: Handbook,
    benefits: Container[str] = EVERY_BENEFIT,
    keep: PoolKey | None = None,
) -> None:
    """Expire what is left of past service years, and bring the grants of today's pools to what the star gives.

    `keep` names a pool of a past year that is about to be used and must not expire before that.
    """
    today = business_day(posting.recorded_at)
    account = posting.state.account
    anchor = account.anchor_by(today)
    year = account.service_year(today)
    if anchor is None or year is None:
        return
    posting.set_anchor(anchor)
    _expire_past_years(posting, year.number, today=today, benefits=benefits, keep=keep)
    star = account.star_on(today)
    edition = handbook.on(today)
    targets = _targets(posting, edition, year.number, star=star, today=today, benefits=benefits)
    for pool, target in targets.items():
        for kind, units in _differences(posting.balance(pool), target):
            posting.post(
                kind,
                pool,
                units,
                service_year=year.number,
                star=star,
                edition=edition.code if edition is not None else None,
                occurred_at=posting.recorded_at,
            )


def expire_holds(posting: Posting, *, benefits: Container[str] = EVERY_BENEFIT) -> None:
    """Return the units of holds that have run out."""
    for redemption in sorted(posting.redemptions.values(), key=lambda each: each.id):
        if (
            redemption.status is RedemptionStatus.HELD
            and redemption.pool.benefit in benefits
            and redemption.status_at(posting.recorded_at) is RedemptionStatus.EXPIRED
        ):
            posting.step(
                redemption,
                EntryKind.EXPIRE_HOLD,
                redemption.units,
                occurred_at=redemption.expires_at or posting.recorded_at,
            )


def _expire_past_years(
    posting: Posting, current: int, *, today: date, benefits: Container[str], keep: PoolKey | None
) -> None:
    """Expire what is available in the pools of years before the current one: nothing is carried over (decoded §5)."""
    account = posting.state.account
    ends: dict[int, tuple[int, datetime]] = {}
    for pool, balance in sorted(posting.balances.items()):
        past = 0 < pool.term < current and pool.benefit in benefits and pool != keep
        if not past or balance.unlimited or balance.available <= 0:
            continue
        if pool.term not in ends:
            end = account.numbered_year(pool.term, today).end
            ends[pool.term] = account.star_on(date.fromordinal(end.toordinal() - 1)), start_of(end)
        star, ended_at = ends[pool.term]
        posting.post(
            EntryKind.EXPIRE,
            pool,
            balance.available,
            service_year=pool.term,
            star=star,
            edition=None,
            occurred_at=ended_at,
        )


def _targets(
    posting: Posting,
    edition: Edition | None,
    number: int,
    *,
    star: int,
    today: date,
    benefits: Container[str],
) -> dict[PoolKey, int | None]:
    """The units that each pool of today, in the service year `number`, should have been granted; None is no limit."""
    targets: dict[PoolKey, int | None] = {}
    eligible: tuple[str, ...] | None = None
    for benefit, allowance, per in edition.given(star) if edition is not None else ():
        if benefit.code not in benefits or benefit.wished_number is not None:
            continue  # a number is granted when it is held or confirmed (decision 19); a rest is revoked below
        term = pool_term(per, number)
        units = allowance.units if isinstance(allowance, Counted) else None
        if units is None or per is not Per.POLICY:
            targets[pool_key(benefit.code, term, "")] = units
            continue
        if eligible is None:
            eligible = posting.state.account.eligible_policies(today)
        for policy_no in eligible:
            targets[PoolKey(benefit.code, term, policy_no)] = units
    for pool, balance in sorted(posting.balances.items()):
        # what the star no longer gives, or a policy's number that was not taken; a grant without limit has no units to
        # revoke
        if pool.benefit in benefits and pool.term in (0, number) and not balance.unlimited:
            targets.setdefault(pool, 0)
    return targets


def _differences(balance: Balance, target: int | None) -> list[tuple[EntryKind, int | None]]:
    """The entries that bring the net grant to the target, as far as they are due."""
    if target is None:
        return [] if balance.unlimited else [(EntryKind.GRANT, None)]
    found: list[tuple[EntryKind, int | None]] = []
    if balance.unlimited:  # used without limit so far: those uses stay, so the grant covers at least them
        target = max(target, balance.used + balance.held + balance.expired)
    if balance.granted < target:
        found.append((EntryKind.GRANT, target - balance.granted))
    if balance.unlimited:
        found.append((EntryKind.REVOKE, None))
    back = min(balance.granted - target, balance.available)
    if back > 0:
        found.append((EntryKind.REVOKE, back))
    return found
