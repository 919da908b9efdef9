"""The codes of refusals, each with its meaning for clients and its messages: what was refused, why, what would help.

One table, so that people who do not program can read and correct the messages. A code without words does not
type-check. In a message `{day}` is a fact of the refusal; an English noun after a number is written with it, in
singular and plural: `{count:finding waits|findings wait}`.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, assert_never

from base.words import Words, counted


class RefusalCode(StrEnum):
    """Why something was refused. Clients act on these: a code is never renamed. `message_of` has its words."""

    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    TIER_TOO_LOW = "TIER_TOO_LOW"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    WAITING_PERIOD = "WAITING_PERIOD"
    BENEFICIARY_NOT_COVERED = "BENEFICIARY_NOT_COVERED"
    EVIDENCE_MISSING = "EVIDENCE_MISSING"
    POLICY_REQUIRED = "POLICY_REQUIRED"
    POLICY_NOT_ELIGIBLE = "POLICY_NOT_ELIGIBLE"
    WISHED_NUMBER_REQUIRED = "WISHED_NUMBER_REQUIRED"
    OPTION_REQUIRED = "OPTION_REQUIRED"
    FACILITY_REQUIRED = "FACILITY_REQUIRED"
    UNKNOWN_BENEFIT = "UNKNOWN_BENEFIT"
    VENDOR_NOT_CONTRACTED = "VENDOR_NOT_CONTRACTED"
    OUTSIDE_SERVICE_HOURS = "OUTSIDE_SERVICE_HOURS"
    UNITS_INVALID = "UNITS_INVALID"
    OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
    OCCURRED_TOO_LONG_AGO = "OCCURRED_TOO_LONG_AGO"
    HOLD_NOT_OPEN = "HOLD_NOT_OPEN"
    NOT_REDEEMED = "NOT_REDEEMED"
    ALREADY_REVERSED = "ALREADY_REVERSED"
    UNKNOWN_REDEMPTION = "UNKNOWN_REDEMPTION"
    KEY_REUSED = "KEY_REUSED"
    PERIOD_CLOSED = "PERIOD_CLOSED"
    TOTAL_DIFFERS = "TOTAL_DIFFERS"
    UNKNOWN_STATEMENT = "UNKNOWN_STATEMENT"
    UNKNOWN_FINDING = "UNKNOWN_FINDING"
    NOT_IN_DISPUTE = "NOT_IN_DISPUTE"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    ALREADY_MATCHED = "ALREADY_MATCHED"
    FINDINGS_OPEN = "FINDINGS_OPEN"
    FOUR_EYES = "FOUR_EYES"
    LIFE_CYCLE = "LIFE_CYCLE"
    EVENT_CHANGED = "EVENT_CHANGED"
    INVALID = "INVALID"
    BUSY = "BUSY"
    RATE_LIMITED = "RATE_LIMITED"


class Message(NamedTuple):
    """What a code means to clients of the API, and its message; `wordings` are messages for more specific reasons."""

    meaning: str
    words: Words
    wordings: Mapping[str, Words] = MappingProxyType({})


_IN_THE_FACTS = Words("{words_zh}", "{words_en}")
_AVAILABLE_FROM = Words("最早可用日期：{from_day}。", " Available from {from_day}.")


def message_of(code: RefusalCode) -> Message:  # noqa: C901, PLR0911, PLR0912 (a table: one case for each code)
    """The words of a code."""
    match code:
        case RefusalCode.UNKNOWN_CUSTOMER:
            return Message(
                "No customer has this member number.",
                Words(
                    "没有会员号为「{member_no}」的客户，请核对会员号。",
                    "There is no customer with member number {member_no}; please check the number.",
                ),
            )
        case RefusalCode.NOT_A_MEMBER:
            return Message(
                "The customer has no star.",
                Words(
                    "客户在 {day} 没有星级，不是荟员；「{benefit_zh}」需要 {required_star} 星。",
                    "On {day} the customer has no star and is not a member; {benefit_en} needs star {required_star}.",
                ),
                {
                    "no_programme": Words(
                        "{day} 没有生效的权益手册版本。",
                        "No edition of the handbook is in force on {day}.",
                    ),
                },
            )
        case RefusalCode.TIER_TOO_LOW:
            return Message(
                "The customer's star does not have the benefit: see `requiredStar`.",
                Words(
                    "「{benefit_zh}」需要 {required_star} 星，客户在 {day} 为 {star} 星。",
                    "{benefit_en} needs star {required_star}; the customer has star {star} on {day}.",
                ),
            )
        case RefusalCode.QUOTA_EXHAUSTED:
            return Message(
                "Not enough units are left.",
                Words(
                    "「{benefit_zh}」额度不足：共 {granted}，已用 {used}，占用 {held}，剩余 {remaining}，本次需要 {units}。",
                    "{benefit_en}: not enough left: {granted} granted, {used} used, {held} held, {remaining} remaining, {units} requested.",
                ),
            )
        case RefusalCode.WAITING_PERIOD:
            return Message(
                "The waiting period is not over: see `availableFrom`.",
                Words(
                    "「{benefit_zh}」有 {waiting_days} 天等待期，自 {since} 起算。",
                    "{benefit_en} has a waiting period of {waiting_days:day|days}, counted from {since}.",
                ),
                {
                    "diagnosed": Words(
                        "「{benefit_zh}」仅限等待期结束后首次确诊的疾病；确诊日 {diagnosed_on} 早于等待期（{waiting_days} 天，自 {since} 起算）结束之日 {ends}。",
                        "{benefit_en} is for an illness first diagnosed after the waiting period; {diagnosed_on} is before {ends}, when the waiting period of {waiting_days:day|days} from {since} ended.",
                    ),
                },
            )
        case RefusalCode.BENEFICIARY_NOT_COVERED:
            return Message(
                "The benefit is not for this person.",
                Words(
                    "「{benefit_zh}」仅限客户本人使用。",
                    "{benefit_en} is for the customer only.",
                ),
                {
                    "unknown": Words(
                        "客户在 {day} 没有登记编号为「{beneficiary}」的亲属；请先登记。",
                        "No relative {beneficiary} was registered on the customer by {day}; register the relative first.",
                    ),
                    "family": Words(
                        "「{benefit_zh}」仅限客户及其直系亲属（{family_zh}）使用；「{beneficiary}」登记的关系是「{relation_zh}」。",
                        "{benefit_en} is for the customer and the immediate family ({family_en}); {beneficiary} is registered as {relation}.",
                    ),
                    # For refusals stored by versions that did not name the edition's family.
                    "relation": Words(
                        "「{benefit_zh}」仅限客户及其直系亲属使用；「{beneficiary}」登记的关系是「{relation_zh}」。",
                        "{benefit_en} is for the customer and the immediate family; {beneficiary} is registered as {relation}.",
                    ),
                    # For vendors: the same whether or not the relative is registered.
                    "vendor": Words(
                        "「{benefit_zh}」仅限客户及其已登记的直系亲属（{family_zh}）使用；「{beneficiary}」不在其中。",
                        "{benefit_en} is for the customer and the registered immediate family ({family_en}); {beneficiary} is none of them.",
                    ),
                    "option": Words(
                        "「{option_zh}」（option：{option}）仅限客户已登记的{relation_zh}使用；请在 beneficiary 填写该亲属的编号。",
                        "{option_en} (option {option}) is for a registered {relation} of the customer only; name the relative as beneficiary.",
                    ),
                },
            )
        case RefusalCode.EVIDENCE_MISSING:
            return Message(
                "Documents are needed: see `missing`.",
                Words(
                    "「{benefit_zh}」需要证明材料：{missing}。",
                    "{benefit_en} needs evidence: {missing}.",
                ),
            )
        case RefusalCode.POLICY_REQUIRED:
            return Message(
                "The benefit is given per policy: name one.",
                Words(
                    "「{benefit_zh}」按保单享有，请提供保单号（policyNo）。",
                    "{benefit_en} is given per policy: please name the policy (policyNo).",
                ),
            )
        case RefusalCode.POLICY_NOT_ELIGIBLE:
            return Message(
                "The policy named does not carry the benefit.",
                Words(
                    "客户名下在 {day} 没有有效的个人保单「{policy_no}」。",
                    "The customer has no individual policy {policy_no} in force on {day}.",
                ),
                {
                    "applied_before": Words(
                        "「{benefit_zh}」须在投保前至少 {working_days} 个工作日申请，不能用于申请时已有的保单：请先用 hold 提交所选号码（wishedNumber），保单出单后再用 confirm 提交保单号（policyNo）。",
                        "{benefit_en} is applied for at least {working_days:working day|working days} before the policy is taken out, so not for an existing policy: send the wished number (wishedNumber) with hold, and the policyNo with confirm once the policy is issued.",
                    ),
                    "there_already": Words(
                        "保单「{policy_no}」于 {issued_on} 出单，{requested_on} 申请时已经存在；所选号码只能用于申请之后、{earliest} 及以后出单的保单。",
                        "Policy {policy_no} was issued on {issued_on} and so existed at the application of {requested_on}; the number is for a policy issued on {earliest} or later.",
                    ),
                    "too_soon": Words(
                        "保单「{policy_no}」于 {issued_on} 出单，距 {requested_on} 的申请不足 {working_days} 个工作日；所选号码只能用于 {earliest} 及以后出单的保单。",
                        "Policy {policy_no} was issued on {issued_on}, less than {working_days:working day|working days} after the application of {requested_on}; the number is for a policy issued on {earliest} or later.",
                    ),
                },
            )
        case RefusalCode.WISHED_NUMBER_REQUIRED:
            return Message(
                "A wished number is required, in the form that the message says.",
                Words(
                    "「{benefit_zh}」须提供所选号码（wishedNumber）：{length} 位，限数字和英文字母（大小写均可）。",
                    "{benefit_en} needs the wished number (wishedNumber): {length:character|characters}, digits and letters of either case.",
                ),
            )
        case RefusalCode.OPTION_REQUIRED:
            return Message(
                "One of the benefit's options must be chosen.",
                Words(
                    "「{benefit_zh}」须选择其中一项（option）：{options}。",
                    "{benefit_en} needs one of its options: {options}.",
                ),
            )
        case RefusalCode.FACILITY_REQUIRED:
            return Message(
                "One of the benefit's facilities must be chosen.",
                Words(
                    "「{benefit_zh}」须选择其中一处（facility）：{facilities_zh}。",
                    "{benefit_en} needs one of its facilities (facility): {facilities_en}.",
                ),
            )
        case RefusalCode.UNKNOWN_BENEFIT:
            return Message(
                "No benefit has this code.",
                Words(
                    "没有代码为「{benefit}」的服务项目；{day} 可用的代码：{known}。",
                    "There is no benefit {benefit}; the codes on {day} are: {known}.",
                ),
            )
        case RefusalCode.VENDOR_NOT_CONTRACTED:
            return Message(
                "The vendor has no contract for the benefit on the day.",
                Words(
                    "服务商「{vendor}」在 {day} 没有「{benefit_zh}」的合同。",
                    "Vendor {vendor} has no contract for {benefit_en} on {day}.",
                ),
            )
        case RefusalCode.OUTSIDE_SERVICE_HOURS:
            return Message(
                "It is not served at that time: the message says the hours and the next opening.",
                Words(
                    "「{benefit_zh}」的服务时间为{hours_zh}；{moment} 不在服务时间内，下次开始服务：{opens}。",
                    "{benefit_en} is served {hours_en}; {moment} is outside these hours, the next opening is {opens}.",
                ),
            )
        case RefusalCode.UNITS_INVALID:
            return Message(
                "The number of units is out of range, or is missing where minutes are counted.",
                Words(
                    "数量（units）须为 1 至 {most} 的整数，收到 {units}。",
                    "units must be a whole number from 1 to {most}; got {units}.",
                ),
                {
                    "minutes": Words(
                        "「{benefit_zh}」按分钟计，请提供实际的分钟数（units）。",
                        "{benefit_en} is counted in minutes: please give their number (units).",
                    ),
                    "least": Words(
                        "数量（units）须为不小于 1 的整数，收到 {units}。",
                        "units must be a whole number, at least 1; got {units}.",
                    ),
                    "held": Words(
                        "确认的数量（{units}）不能超过占用的数量（{held}）。",
                        "Cannot confirm {units}: only {held:is|are} held.",
                    ),
                },
            )
        case RefusalCode.OCCURRED_IN_FUTURE:
            return Message(
                "The use is in the future.",
                Words(
                    "发生时间 {occurred_at} 晚于当前时间 {now}。",
                    "occurredAt {occurred_at} is in the future; now is {now}.",
                ),
            )
        case RefusalCode.OCCURRED_TOO_LONG_AGO:
            return Message(
                "The use lies too far back to be posted.",
                Words(
                    "发生日 {day} 早于可补记的最早日期 {earliest}（最多补记 {backdating_days} 天）。",
                    "occurredAt {day} is before {earliest}, the earliest day that may still be posted ({backdating_days:day|days} back).",
                ),
            )
        case RefusalCode.HOLD_NOT_OPEN:
            return Message(
                "The hold is no longer open.",
                Words(
                    "该预约占用已不是待用状态（当前：{status}）。",
                    "The hold is no longer open (it is {status}).",
                ),
            )
        case RefusalCode.NOT_REDEEMED:
            return Message(
                "Only a delivery or a no-show can be reversed.",
                Words(
                    "该记录没有核销，也没有记为未到，不能冲正（当前：{status}）。",
                    "It cannot be reversed: it is neither redeemed nor a no-show (it is {status}).",
                ),
            )
        case RefusalCode.ALREADY_REVERSED:
            return Message(
                "It was reversed before.",
                Words(
                    "该核销已经冲正。",
                    "The redemption has been reversed already.",
                ),
            )
        case RefusalCode.UNKNOWN_REDEMPTION:
            return Message(
                "There is no such redemption of this vendor.",
                Words(
                    "没有这笔核销或预约，请核对编号。",
                    "There is no such redemption; please check the id.",
                ),
            )
        case RefusalCode.KEY_REUSED:
            return Message(
                "The idempotency key, or the number of the statement, was used for something else: see `differing`.",
                Words(
                    "该幂等键（idempotencyKey）已用于另一请求；不同之处：{differing}。请为新的请求换一个键。",
                    "This idempotencyKey was used for another request; it differs in: {differing}. Use a new key for a new request.",
                ),
                {
                    "withdrawn": Words(
                        "该对账单号的对账单已撤回；请换一个单号重新提交。",
                        "The statement with this number was withdrawn; send it again under a new number.",
                    ),
                    "statement": Words(
                        "该对账单号已用于另一份内容；不同之处：{differing}。更正请先撤回原单，再用新的单号提交。",
                        "This statement number was used for other content; it differs in: {differing}. Withdraw the earlier one and send the correction under a new number.",
                    ),
                },
            )
        case RefusalCode.PERIOD_CLOSED:
            return Message(
                "The accounting period is closed.",
                Words(
                    "{period} 账期已经关闭。",
                    "The period {period} is closed.",
                ),
            )
        case RefusalCode.TOTAL_DIFFERS:
            return Message(
                "The lines of the statement do not add up to the stated total: see `differing`.",
                Words(
                    "合计与明细不符，未导入任何一行（共 {count} 行）：{words_zh}。",
                    "The total differs from the lines, and none of the {count:line|lines} was taken: {words_en}.",
                ),
            )
        case RefusalCode.UNKNOWN_STATEMENT:
            return Message(
                "There is no such statement of this vendor.",
                Words(
                    "没有这份对账单，请核对编号。",
                    "There is no such statement; please check the id.",
                ),
            )
        case RefusalCode.UNKNOWN_FINDING:
            return Message(
                "There is no such finding, or no longer.",
                Words(
                    "没有这项对账结果：可能重新对账后已经消除；请刷新后再试。",
                    "There is no such finding; a later run of the match may have removed it. Read the findings again.",
                ),
            )
        case RefusalCode.NOT_IN_DISPUTE:
            return Message(
                "The finding is not in dispute: only to one that is can the vendor reply.",
                Words(
                    "该项目前没有争议，无需回复；财务提出争议（DISPUTE）之后才能回复。",
                    "The finding is not in dispute, so there is nothing to reply to: a reply can be given once finance disputes it (DISPUTE).",
                ),
            )
        case RefusalCode.ALREADY_DECIDED:
            return Message(
                "Finance has decided on lines of the statement: its vendor no longer withdraws it.",
                Words(
                    "财务已对该对账单的 {count} 行作出处理，服务商不能再自行撤回；请联系财务撤回，或另提交对账单，以红冲行和新行更正。",
                    "Finance has decided on {count:line|lines} of the statement, so its vendor can no longer withdraw it. Ask finance to do so, or correct it by credit lines and new lines in another statement.",
                ),
            )
        case RefusalCode.ALREADY_MATCHED:
            return Message(
                "Another line has this redemption: first match that line with another one, or reopen it.",
                Words(
                    "该核销已与对账单「{statement}」第 {line_no} 行配对；如需改配，请先为那一行另行配对，人工配对的请先撤销。",
                    "The redemption is matched already, with line {line_no} of statement {statement}. To use it for another line, first MATCH that line with another redemption, or REOPEN it if it was matched by hand.",
                ),
            )
        case RefusalCode.FINDINGS_OPEN:
            return Message(
                "Findings wait for a decision: the message names them.",
                Words(
                    "还有 {count} 项差异待处理，账期不能关闭：{which_zh}。",
                    "The period cannot be closed: {count:finding waits|findings wait} for a decision: {which_en}.",
                ),
            )
        case RefusalCode.FOUR_EYES:
            return Message(
                "Who accepted exceptions above a limit does not close their month alone; the close is proposed.",
                Words(
                    "{by} 本人批准了超过 {above} 元的例外付款（{which_zh}），不能独自关账；关账已提交，请另一人确认（由其关闭该账期）。",
                    "{by} accepted exceptions above CNY {above} ({which_en}), and cannot close alone. The close is proposed: another person confirms it by closing the period.",
                ),
            )
        case RefusalCode.LIFE_CYCLE:
            return Message("The policy's life cycle does not allow the event.", _IN_THE_FACTS)
        case RefusalCode.EVENT_CHANGED:
            return Message(
                "The event id was used for another event: see `differing`.",
                Words(
                    "事件「{event_id}」已经收到过，内容不同之处：{differing}。更正请用新的 event_id。",
                    "Event {event_id} was recorded before with other content; it differs in: {differing}. Send a correction under a new event_id.",
                ),
            )
        case RefusalCode.INVALID:
            return Message("The request is malformed: the message says where.", _IN_THE_FACTS)
        case RefusalCode.BUSY:
            return Message(
                "Another transaction has locked the customer or vendor, and nothing was decided: retry under the same key after `retryAfter` seconds.",
                Words(
                    "另一项操作正在处理同一客户或服务商，本次未作任何更改；请在 {retry_after} 秒后原样重试（同一幂等键）。",
                    "Another operation is working on the same customer or vendor; nothing was changed. Send the same again, under the same key, after {retry_after:second|seconds}.",
                ),
            )
        case RefusalCode.RATE_LIMITED:
            return Message(
                "The vendor's budget for looking up member numbers is used up: retry after `retryAfter` seconds.",
                Words(
                    "服务商查询会员号的额度已用完：请在 {retry_after} 秒后再试；已服务过的会员不受影响。",
                    "The vendor's budget for looking up member numbers is used up: try again in {retry_after:second|seconds}; members served before are not affected.",
                ),
            )
        case _:
            assert_never(code)


class _Number(int):
    """A number that is written with its noun, one of `one|many`."""

    def __format__(self, form: str, /) -> str:
        one, several, many = form.partition("|")
        return counted(self, one, many) if several else super().__format__(form)


def render(
    code: RefusalCode, wording: str, facts: Mapping[str, object], available_from: date | None, language: str
) -> str:
    """The message in `zh` or `en`, with facts filled in, and the day from which the request could succeed.

    `wording` is one of the code's, or empty for its usual message.
    """
    message = message_of(code)
    words = message.wordings[wording] if wording else message.words
    told = {name: _Number(fact) if isinstance(fact, int) else fact for name, fact in facts.items()}
    text = words.spoken(language).format_map(told)
    if available_from is not None:
        text += _AVAILABLE_FROM.spoken(language).format(from_day=available_from)
    return text
