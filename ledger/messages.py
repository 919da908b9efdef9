"""What a refusal says, in Chinese and English: what, why, and what would help.

One table, so that people who do not program can read and correct it. A key is a code, or `CODE.case` where one
code has several wordings. An English noun after a number is written with it, in singular and plural:
`{count:finding waits|findings wait}`.
"""

from collections.abc import Mapping
from datetime import date

from base.words import counted

MESSAGES: dict[str, tuple[str, str]] = {
    "UNKNOWN_CUSTOMER": (
        "没有会员号为「{member_no}」的客户，请核对会员号。",
        "There is no customer with member number {member_no}; please check the number.",
    ),
    "NOT_A_MEMBER": (
        "客户在 {day} 没有星级，不是荟员；「{benefit_zh}」需要 {required_star} 星。",
        "On {day} the customer has no star and is not a member; {benefit_en} needs star {required_star}.",
    ),
    "NOT_A_MEMBER.no_programme": (
        "{day} 没有生效的权益手册版本。",
        "No edition of the handbook is in force on {day}.",
    ),
    "TIER_TOO_LOW": (
        "「{benefit_zh}」需要 {required_star} 星，客户在 {day} 为 {star} 星。",
        "{benefit_en} needs star {required_star}; the customer has star {star} on {day}.",
    ),
    "QUOTA_EXHAUSTED": (
        "「{benefit_zh}」额度不足：共 {granted}，已用 {used}，占用 {held}，剩余 {remaining}，本次需要 {units}。",
        "{benefit_en}: not enough left: {granted} granted, {used} used, {held} held, {remaining} remaining, {units} requested.",
    ),
    "WAITING_PERIOD": (
        "「{benefit_zh}」有 {waiting_days} 天等待期，自 {since} 起算。",
        "{benefit_en} has a waiting period of {waiting_days:day|days}, counted from {since}.",
    ),
    "WAITING_PERIOD.diagnosed": (
        "「{benefit_zh}」仅限等待期结束后首次确诊的疾病；确诊日 {diagnosed_on} 早于等待期（{waiting_days} 天，自 {since} 起算）结束之日 {ends}。",
        "{benefit_en} is for an illness first diagnosed after the waiting period; {diagnosed_on} is before {ends}, when the waiting period of {waiting_days:day|days} from {since} ended.",
    ),
    "BENEFICIARY_NOT_COVERED": (
        "「{benefit_zh}」仅限客户本人使用。",
        "{benefit_en} is for the customer only.",
    ),
    "BENEFICIARY_NOT_COVERED.unknown": (
        "客户在 {day} 没有登记编号为「{beneficiary}」的亲属；请先登记。",
        "No relative {beneficiary} was registered on the customer by {day}; register the relative first.",
    ),
    "BENEFICIARY_NOT_COVERED.family": (
        "「{benefit_zh}」仅限客户及其直系亲属（{family_zh}）使用；「{beneficiary}」登记的关系是「{relation_zh}」。",
        "{benefit_en} is for the customer and the immediate family ({family_en}); {beneficiary} is registered as {relation}.",
    ),
    # For refusals stored by versions that did not name the edition's family.
    "BENEFICIARY_NOT_COVERED.relation": (
        "「{benefit_zh}」仅限客户及其直系亲属使用；「{beneficiary}」登记的关系是「{relation_zh}」。",
        "{benefit_en} is for the customer and the immediate family; {beneficiary} is registered as {relation}.",
    ),
    # The message for vendors, the same whether or not the relative is registered.
    "BENEFICIARY_NOT_COVERED.vendor": (
        "「{benefit_zh}」仅限客户及其已登记的直系亲属（{family_zh}）使用；「{beneficiary}」不在其中。",
        "{benefit_en} is for the customer and the registered immediate family ({family_en}); {beneficiary} is none of them.",
    ),
    "BENEFICIARY_NOT_COVERED.option": (
        "「{option_zh}」（option：{option}）仅限客户已登记的{relation_zh}使用；请在 beneficiary 填写该亲属的编号。",
        "{option_en} (option {option}) is for a registered {relation} of the customer only; name the relative as beneficiary.",
    ),
    "EVIDENCE_MISSING": (
        "「{benefit_zh}」需要证明材料：{missing}。",
        "{benefit_en} needs evidence: {missing}.",
    ),
    "POLICY_REQUIRED": (
        "「{benefit_zh}」按保单享有，请提供保单号（policyNo）。",
        "{benefit_en} is given per policy: please name the policy (policyNo).",
    ),
    "POLICY_NOT_ELIGIBLE": (
        "客户名下在 {day} 没有有效的个人保单「{policy_no}」。",
        "The customer has no individual policy {policy_no} in force on {day}.",
    ),
    "POLICY_NOT_ELIGIBLE.applied_before": (
        "「{benefit_zh}」须在投保前至少 {working_days} 个工作日申请，不能用于申请时已有的保单：请先用 hold 提交所选号码（wishedNumber），保单出单后再用 confirm 提交保单号（policyNo）。",
        "{benefit_en} is applied for at least {working_days:working day|working days} before the policy is taken out, so not for an existing policy: send the wished number (wishedNumber) with hold, and the policyNo with confirm once the policy is issued.",
    ),
    "POLICY_NOT_ELIGIBLE.there_already": (
        "保单「{policy_no}」于 {issued_on} 出单，{requested_on} 申请时已经存在；所选号码只能用于申请之后、{earliest} 及以后出单的保单。",
        "Policy {policy_no} was issued on {issued_on} and so existed at the application of {requested_on}; the number is for a policy issued on {earliest} or later.",
    ),
    "POLICY_NOT_ELIGIBLE.too_soon": (
        "保单「{policy_no}」于 {issued_on} 出单，距 {requested_on} 的申请不足 {working_days} 个工作日；所选号码只能用于 {earliest} 及以后出单的保单。",
        "Policy {policy_no} was issued on {issued_on}, less than {working_days:working day|working days} after the application of {requested_on}; the number is for a policy issued on {earliest} or later.",
    ),
    "WISHED_NUMBER_REQUIRED": (
        "「{benefit_zh}」须提供所选号码（wishedNumber）：{length} 位，限数字和英文字母（大小写均可）。",
        "{benefit_en} needs the wished number (wishedNumber): {length:character|characters}, digits and letters of either case.",
    ),
    "OPTION_REQUIRED": (
        "「{benefit_zh}」须选择其中一项（option）：{options}。",
        "{benefit_en} needs one of its options: {options}.",
    ),
    "FACILITY_REQUIRED": (
        "「{benefit_zh}」须选择其中一处（facility）：{facilities_zh}。",
        "{benefit_en} needs one of its facilities (facility): {facilities_en}.",
    ),
    "UNKNOWN_BENEFIT": (
        "没有代码为「{benefit}」的服务项目；{day} 可用的代码：{known}。",
        "There is no benefit {benefit}; the codes on {day} are: {known}.",
    ),
    "VENDOR_NOT_CONTRACTED": (
        "服务商「{vendor}」在 {day} 没有「{benefit_zh}」的合同。",
        "Vendor {vendor} has no contract for {benefit_en} on {day}.",
    ),
    "OUTSIDE_SERVICE_HOURS": (
        "「{benefit_zh}」的服务时间为{hours_zh}；{moment} 不在服务时间内，下次开始服务：{opens}。",
        "{benefit_en} is served {hours_en}; {moment} is outside these hours, the next opening is {opens}.",
    ),
    "UNITS_INVALID.minutes": (
        "「{benefit_zh}」按分钟计，请提供实际的分钟数（units）。",
        "{benefit_en} is counted in minutes: please give their number (units).",
    ),
    "UNITS_INVALID": (
        "数量（units）须为 1 至 {most} 的整数，收到 {units}。",
        "units must be a whole number from 1 to {most}; got {units}.",
    ),
    "UNITS_INVALID.least": (
        "数量（units）须为不小于 1 的整数，收到 {units}。",
        "units must be a whole number, at least 1; got {units}.",
    ),
    "UNITS_INVALID.held": (
        "确认的数量（{units}）不能超过占用的数量（{held}）。",
        "Cannot confirm {units}: only {held:is|are} held.",
    ),
    "OCCURRED_IN_FUTURE": (
        "发生时间 {occurred_at} 晚于当前时间 {now}。",
        "occurredAt {occurred_at} is in the future; now is {now}.",
    ),
    "OCCURRED_TOO_LONG_AGO": (
        "发生日 {day} 早于可补记的最早日期 {earliest}（最多补记 {backdating_days} 天）。",
        "occurredAt {day} is before {earliest}, the earliest day that may still be posted ({backdating_days:day|days} back).",
    ),
    "HOLD_NOT_OPEN": (
        "该预约占用已不是待用状态（当前：{status}）。",
        "The hold is no longer open (it is {status}).",
    ),
    "NOT_REDEEMED": (
        "该记录没有核销，也没有记为未到，不能冲正（当前：{status}）。",
        "It cannot be reversed: it is neither redeemed nor a no-show (it is {status}).",
    ),
    "ALREADY_REVERSED": (
        "该核销已经冲正。",
        "The redemption has been reversed already.",
    ),
    "UNKNOWN_REDEMPTION": (
        "没有这笔核销或预约，请核对编号。",
        "There is no such redemption; please check the id.",
    ),
    "KEY_REUSED": (
        "该幂等键（idempotencyKey）已用于另一请求；不同之处：{differing}。请为新的请求换一个键。",
        "This idempotencyKey was used for another request; it differs in: {differing}. Use a new key for a new request.",
    ),
    "KEY_REUSED.withdrawn": (
        "该对账单号的对账单已撤回；请换一个单号重新提交。",
        "The statement with this number was withdrawn; send it again under a new number.",
    ),
    "KEY_REUSED.statement": (
        "该对账单号已用于另一份内容；不同之处：{differing}。更正请先撤回原单，再用新的单号提交。",
        "This statement number was used for other content; it differs in: {differing}. Withdraw the earlier one and send the correction under a new number.",
    ),
    "PERIOD_CLOSED": (
        "{period} 账期已经关闭。",
        "The period {period} is closed.",
    ),
    "UNKNOWN_STATEMENT": (
        "没有这份对账单，请核对编号。",
        "There is no such statement; please check the id.",
    ),
    "UNKNOWN_FINDING": (
        "没有这项对账结果：可能重新对账后已经消除；请刷新后再试。",
        "There is no such finding; a later run of the match may have removed it. Read the findings again.",
    ),
    "ALREADY_MATCHED": (
        "该核销已与对账单「{statement}」第 {line_no} 行配对；如需改配，请先为那一行另行配对（MATCH），人工配对的请先撤销（REOPEN）。",
        "The redemption is matched already, with line {line_no} of statement {statement}. To use it for another line, first MATCH that line with another redemption, or REOPEN it if it was matched by hand.",
    ),
    "FINDINGS_OPEN": (
        "还有 {count} 项差异待处理，账期不能关闭：{which_zh}。",
        "The period cannot be closed: {count:finding waits|findings wait} for a decision: {which_en}.",
    ),
    "LIFE_CYCLE": ("{words_zh}", "{words_en}"),
    "EVENT_CHANGED": (
        "事件「{event_id}」已经收到过，内容不同之处：{differing}。更正请用新的 event_id。",
        "Event {event_id} was taken before with other content; it differs in: {differing}. Send a correction under a new event_id.",
    ),
    "INVALID": ("{words_zh}", "{words_en}"),
    "BUSY": (
        "另一项操作正在处理同一客户或服务商，本次未作任何更改；请在 {retry_after} 秒后原样重试（同一幂等键）。",
        "Another operation is working on the same customer or vendor; nothing was changed. Send the same again, under the same key, after {retry_after:second|seconds}.",
    ),
    "RATE_LIMITED": (
        "服务商查询会员号的额度已用完：请在 {retry_after} 秒后再试；已服务过的会员不受影响。",
        "The vendor's budget for looking up member numbers is used up: try again in {retry_after:second|seconds}; members served before are not affected.",
    ),
}

_FROM = ("最早可用日期：{from_day}。", " Available from {from_day}.")
_LANGUAGES = ("zh", "en")


class _Number(int):
    """A number that is written with its noun, one of `one|many`."""

    def __format__(self, form: str, /) -> str:
        one, several, many = form.partition("|")
        return counted(self, one, many) if several else super().__format__(form)


def render(key: str, facts: Mapping[str, object], available_from: date | None, language: str) -> str:
    """The message of a key in `zh` or `en`, with facts filled in, and the day from which the request could succeed."""
    column = _LANGUAGES.index(language)
    told = {name: _Number(fact) if isinstance(fact, int) else fact for name, fact in facts.items()}
    words = MESSAGES[key][column].format_map(told)
    if available_from is not None:
        words += _FROM[column].format(from_day=available_from)
    return words
