"""Hashes cover every field, and ids are read exactly as they are written or not at all."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handbook import BUSINESS_ZONE
from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId, opaque_id, parse_numbers, parse_opaque
from ledger.posting.chain import GENESIS, entry_hash
from ledger.posting.entries import Entry, EntryKind
from tests.ledger.books import NOW

ENTRY = Entry(
    customer_id=12,
    sequence=5,
    kind=EntryKind.REDEEM,
    pool=PoolKey("physical-exam", 3, "P1"),
    units=1,
    service_year=3,
    star=4,
    edition="zhenxuan-1",
    occurred_at=NOW,
    recorded_at=NOW,
    vendor="v",
    redemption=4,
    beneficiary="R1",
    option="o",
    reference="A-1",
    details={"variant": "尊享体检", "evidence": [["admission-slip", "S-1"]]},
    subject="li",
)
HASH = entry_hash(ENTRY, GENESIS)

OTHERS = {
    "customer_id": [13, 1],
    "sequence": [6],
    "kind": [EntryKind.HOLD],
    "pool": [
        PoolKey("car-t", 3, "P1"),
        PoolKey("physical-exam", 4, "P1"),
        PoolKey("physical-exam", 3, ""),
        PoolKey("physical-exam", 3, "P2"),
    ],
    "units": [2, None],
    "service_year": [4],
    "star": [5],
    "edition": ["zhenxuan-2", "", None],
    "occurred_at": [NOW + timedelta(microseconds=1)],
    "recorded_at": [NOW - timedelta(microseconds=1)],
    "vendor": ["w", "", None],
    "redemption": [5, None],
    "beneficiary": ["R2", "", None],
    "option": ["p", "", None],
    "reference": ["A-2", "", None],
    "subject": ["wang", "", None],
    "details": [{}, {"variant": "尊享体检"}, {**ENTRY.details, "variant": "高端体检"}],
}


def test_every_field_but_the_hash_itself_is_tried():
    assert set(OTHERS) == set(Entry._fields) - {"hash"}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in OTHERS for value in OTHERS[name]])
def test_another_value_in_any_field_is_another_hash(name, value):
    assert entry_hash(ENTRY._replace(**{name: value}), GENESIS) != HASH


@pytest.mark.parametrize("name", ["edition", "vendor", "beneficiary", "option", "reference", "subject"])
def test_nothing_and_the_empty_text_differ(name):
    nothing, empty = ENTRY._replace(**{name: None}), ENTRY._replace(**{name: ""})
    assert entry_hash(nothing, GENESIS) != entry_hash(empty, GENESIS)


def test_an_entry_from_before_the_subject_was_kept_has_the_hash_that_it_had():
    before = ENTRY._replace(subject=None)
    assert entry_hash(before, GENESIS).hex() == (
        "01406ef4dcb65ac9a6953c52148a2d696aa4f2d9960861f447852815da10523b"
    )


def test_text_that_moves_from_one_field_to_the_next_is_another_hash():
    one = ENTRY._replace(option="ab", reference="c")
    other = ENTRY._replace(option="a", reference="bc")
    assert entry_hash(one, GENESIS) != entry_hash(other, GENESIS)
    swapped = ENTRY._replace(beneficiary=None, option="ab")
    assert entry_hash(swapped, GENESIS) != entry_hash(
        swapped._replace(beneficiary="ab", option=None), GENESIS
    )


def test_the_previous_hash_is_covered_and_the_own_one_is_not():
    assert entry_hash(ENTRY, HASH) != HASH
    assert entry_hash(ENTRY._replace(hash=b"x"), GENESIS) == HASH


def test_one_moment_in_two_zones_and_details_in_another_order_are_one_hash():
    elsewhere = NOW.astimezone(tz=None)
    assert elsewhere.tzinfo != BUSINESS_ZONE
    assert entry_hash(ENTRY._replace(occurred_at=elsewhere, recorded_at=elsewhere), GENESIS) == HASH
    turned = dict(reversed(ENTRY.details.items()))
    assert list(turned) != list(ENTRY.details)
    assert entry_hash(ENTRY._replace(details=turned), GENESIS) == HASH


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_redemptions_id_is_read_back(customer_id, sequence):
    redemption = RedemptionId(customer_id, sequence)
    assert RedemptionId.parse(redemption.opaque) == redemption
    assert parse_opaque(redemption.opaque) == ("Redemption", (str(customer_id), str(sequence)))


@given(st.text(max_size=300) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
@example("")
@example("=" * 8)
@example("\x00")
@example("\ud800")
@example("Redemption:1:2")
@example("１２")
@example("a" * 10_000)
def test_whatever_is_sent_as_an_id_is_read_as_it_would_be_written_or_not_at_all(text):
    redemption = RedemptionId.parse(text)
    assert redemption is None or redemption.opaque == text


@pytest.mark.parametrize(
    "plain",
    [
        "Redemption:012:5",
        "Redemption:12:05",
        "Redemption:-1:5",
        "Redemption:+1:5",
        "Redemption: 1:5",
        "Redemption:1_0:5",
        "Redemption:１:5",
        "Redemption:²:5",
        "Redemption:1:5:6",
        "Redemption:1",
        "Redemption::5",
        "Redemption:1:",
        "Redemption",
        ":1:5",
        "redemption:1:5",
        "Customer:1:5",
        f"Redemption:{2**63}:1",
        f"Redemption:1:{2**63}",
        "Redemption:1:5\n",
        "Redemption:1.0:5",
        "Redemption:1:5\x00",
    ],
)
def test_what_only_looks_like_a_redemptions_id_is_none(plain):
    assert RedemptionId.parse(urlsafe_b64encode(plain.encode()).decode().rstrip("=")) is None


def test_an_id_of_another_kind_or_with_padding_or_junk_around_it_is_none():
    opaque = RedemptionId(12, 5).opaque
    assert RedemptionId.parse(opaque_id("Entry", 12, 5)) is None
    assert parse_numbers(opaque, "Redemption", 1) is None
    for spoiled in (
        opaque + "=",
        opaque + "\n",
        " " + opaque,
        opaque[:-1] + "!",
        "-" + opaque,
        opaque + opaque,
    ):
        assert RedemptionId.parse(spoiled) is None
