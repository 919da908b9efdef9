"""What a vendor replies to a finding in dispute: kept for ever, beside the decisions, of which it changes none.

The same message with the same evidence is the same reply, however often it comes.
"""

from collections.abc import Sequence
from datetime import datetime

from base.database import Pool
from ledger.reconciliation.finding_pages import REPLIES, finding
from ledger.reconciliation.periods import RefusedError, answering_refusals, lock_period, must_be_text
from ledger.reconciliation.values import Action, FindingId, LineFindingId, is_message
from ledger.reconciliation.views import FindingView
from ledger.refusals import Refusal, RefusalCode, invalid

LONGEST_REPLY = 1000
MOST_EVIDENCE = 20
_MOST_REPLIES = 50


@answering_refusals
async def reply(
    pool: Pool,
    *,
    vendor: str,
    finding_id: FindingId,
    message: str,
    evidence: Sequence[str],
    by: str,
    now: datetime,
) -> Refusal | None:
    """Add a vendor's reply to a finding of its own in dispute; None when it is there. Idempotent.

    `evidence` names documents. Refused, nothing stored: UNKNOWN_FINDING, also for another vendor's; PERIOD_CLOSED,
    NOT_IN_DISPUTE; INVALID for malformed texts, and for more replies than a finding takes.
    """
    _must_be_written(message, evidence)
    async with pool.acquire() as conn, conn.transaction():
        period = await lock_period(conn, finding_id.period)
        view = await finding(conn, finding_id, now=now) if period is not None else None
        if period is None or view is None or view.vendor != vendor:
            return Refusal(code=RefusalCode.UNKNOWN_FINDING)
        said = [(each.message, each.evidence) for each in view.replies]
        if (message, tuple(evidence)) in said:
            return None
        period.must_be_open()
        if not _in_dispute(view):
            return Refusal(code=RefusalCode.NOT_IN_DISPUTE)
        if len(said) >= _MOST_REPLIES:
            return invalid(
                f"该项已有 {_MOST_REPLIES} 条回复，请与财务联系",
                f"the finding has {_MOST_REPLIES} replies already: please call finance",
            )
        await conn.execute(REPLIES["reply"], *_key(view.id), message, list(evidence), by, now)
        return None


def _in_dispute(view: FindingView) -> bool:
    """Disputed in its open month, or carried forward from a closed one and not decided since."""
    return view.action is Action.DISPUTE or (view.waits and view.carried_from is not None)


def _key(which: FindingId) -> tuple[int | None, ...]:
    if isinstance(which, LineFindingId):
        return which.period, which.statement, which.line_no, None, None
    return which.period, None, None, which.customer_id, which.sequence


def _must_be_written(message: str, evidence: Sequence[str]) -> None:
    if not is_message(message, LONGEST_REPLY):
        raise RefusedError(
            invalid(
                f"message 须为 1 至 {LONGEST_REPLY} 个可见字符，可以换行",
                f"message: expected 1 to {LONGEST_REPLY} visible characters; line breaks are allowed",
            )
        )
    if len(evidence) > MOST_EVIDENCE:
        raise RefusedError(
            invalid(
                f"evidence 最多 {MOST_EVIDENCE} 项，收到 {len(evidence)} 项",
                f"evidence: expected at most {MOST_EVIDENCE}; got {len(evidence)}",
            )
        )
    for number, each in enumerate(evidence):
        must_be_text(f"evidence[{number}]", each)
