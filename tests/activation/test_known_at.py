"""Earlier ratings are explained by the edition of their time; quotas and stars use the edition of their day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from handbook import read_source, with_edition
from rating.activations import handbook_explaining_at_once
from rating.customers import ratings
from tests.activation.conftest import FIRST_DAY, LAST_DAY, LATER, NOW, history, tell
from tests.activations import in_force, put_in_force
from tests.editions import changed
from tests.schema.api import AUDITOR, FRONTEND, STAFF, serving

TIER = """query ($memberNo: String!, $on: Date, $knownAt: DateTime) { customer(memberNo: $memberNo) {
    tier(on: $on, knownAt: $knownAt) { star name edition ratedPremium next { star shortfall }
      contributions { coefficient amount counted } } } }"""
QUOTAS = """query ($on: Date!) { customer(memberNo: "M3") { tier(on: $on) { star edition }
    quotas(on: $on) { benefit { code } granted } } }"""


@pytest.fixture
async def api(database, handbook):
    """Four customers by the shipped handbook, and the API on it."""
    await put_in_force(database.pool, handbook, NOW)
    active = await in_force(database.pool)
    await tell(database.pool, active, *history())
    async with serving(database, active) as served:
        served.clock.now = LATER + timedelta(hours=1)
        yield served


def _fewer_years_count(draft):
    """Half as much of everything that is paid by the year, and half as much for star 1."""
    for row in draft.top["coefficients"]:
        if row["coefficient"] == "1":
            row["coefficient"] = "0.5"
    draft.top["tiers"]["1"]["from"] = 20_000


async def _tier(api, known_at=None, member_no="M1"):
    variables = {"memberNo": member_no, "on": "2026-11-01", "knownAt": known_at and known_at.isoformat()}
    return (await api.data(TIER, FRONTEND, **variables))["customer"]["tier"]


def _sum(tier):
    return sum(Decimal(each["amount"]) for each in tier["contributions"])


async def test_an_old_rating_is_explained_by_the_coefficients_of_then(api, handbook, tmp_path):
    before = await _tier(api)
    assert (before["star"], before["ratedPremium"], _sum(before)) == (2, "47000.00", Decimal(47000))
    source = read_source(changed(tmp_path, "zhenxuan-1", "1990-01-01", _fewer_years_count))
    await put_in_force(api.pool, with_edition(handbook, source), LATER)
    await api.handbooks.look(api.pool)
    now = await _tier(api)
    assert (now["star"], now["ratedPremium"], _sum(now)) == (1, "23500.00", Decimal(23500))
    assert now["next"] == {"star": 2, "shortfall": "21500.00"}
    assert await _tier(api, LATER - timedelta(seconds=1)) == before
    assert await _tier(api, LATER) == now


async def test_a_version_that_an_activation_left_is_explained_by_each_in_its_time(api, handbook, tmp_path):
    """Nobody's timeline changes, and yet the next star is further off from then on."""

    def _change(draft):
        draft.top["tiers"]["2"]["to"] = draft.top["tiers"]["3"]["from"] = 155_000

    source = read_source(changed(tmp_path, "zhenxuan-1", "1990-01-01", _change))
    done = await put_in_force(api.pool, with_edition(handbook, source), LATER)
    assert done.changed == 0
    await api.handbooks.look(api.pool)
    shortfalls = [(await _tier(api, at))["next"]["shortfall"] for at in (LATER - timedelta(1), LATER, None)]
    assert shortfalls == ["103000.00", "108000.00", "108000.00"]


async def test_a_rating_of_before_activations_is_explained_by_what_was_in_force_first(
    api, handbook, tmp_path
):
    found = await ratings(api.pool, [(1, None)])
    assert found[1, None].handbook == api.handbook.fingerprint
    async with api.pool.acquire() as conn:
        old = replace(found[1, None], handbook="of no table")
        assert await api.handbooks.explaining(conn, old, NOW - timedelta(days=1)) is api.handbook
        assert await api.handbooks.explaining(conn, old, None) is api.handbook
    first = api.handbook.fingerprint
    source = read_source(changed(tmp_path, "zhenxuan-1", "1990-01-01", _fewer_years_count))
    await put_in_force(api.pool, with_edition(handbook, source), LATER)
    await api.handbooks.look(api.pool)
    assert api.handbook.fingerprint != first
    async with api.pool.acquire() as conn:
        explaining = await api.handbooks.explaining(conn, old, NOW - timedelta(days=1))
        assert explaining.fingerprint == first, "a correction does not reach back to what was known before"


async def test_stars_and_quotas_are_by_the_edition_of_the_day(api, reviewed):
    async def on(day):
        customer = (await api.data(QUOTAS, FRONTEND, on=day.isoformat()))["customer"]
        granted = {each["benefit"]["code"]: each["granted"] for each in customer["quotas"]}
        return customer["tier"], granted

    before = await on(FIRST_DAY)
    assert before[0] == {"star": 5, "edition": "zhenxuan-1"}
    await put_in_force(api.pool, reviewed, LATER)
    await api.handbooks.look(api.pool)
    old, granted = await on(LAST_DAY)
    assert old == {"star": 5, "edition": "zhenxuan-1"}
    assert granted == before[1]
    assert "home-nursing" not in granted
    new, granted = await on(FIRST_DAY)
    assert new == {"star": 6, "edition": "zhenxuan-2"}
    assert (granted["home-nursing"], granted["legal-consultation"], granted["medical-butler"]) == (2, 120, 6)
    assert "outpatient-escort" not in granted


EDITIONS = "{ editions { code name startsOn endsOn active source } }"


async def test_operations_and_auditors_see_editions_in_force_and_candidates(api, review, reviewed):
    api.edition_folders = (review,)
    first, second = (await api.data(EDITIONS, STAFF))["editions"]
    assert (first["code"], first["startsOn"], first["endsOn"], first["active"]) == (
        "zhenxuan-1",
        "1990-01-01",
        None,
        True,
    )
    assert (second["code"], second["startsOn"], second["active"]) == ("zhenxuan-2", "2027-01-01", False)
    assert "印刷版" in first["source"]
    await put_in_force(api.pool, reviewed, LATER)
    await api.handbooks.look(api.pool)
    seen = (await api.data(EDITIONS, AUDITOR))["editions"]
    assert [(each["code"], each["endsOn"], each["active"]) for each in seen] == [
        ("zhenxuan-1", "2027-01-01", True),
        ("zhenxuan-2", None, True),
    ]
    assert await api.codes(EDITIONS, FRONTEND) == ["FORBIDDEN"]


async def test_a_folder_that_is_wrong_hides_no_edition_in_force(api, tmp_path):
    (tmp_path / "half").mkdir()
    api.edition_folders = (tmp_path,)
    assert [each["code"] for each in (await api.data(EDITIONS, STAFF))["editions"]] == ["zhenxuan-1"]


async def test_a_page_is_explained_as_each_customer_is_also_by_a_handbook_not_heard_of_yet(
    api, handbook, tmp_path
):
    source = read_source(changed(tmp_path, "zhenxuan-1", "1990-01-01", _fewer_years_count))
    await put_in_force(api.pool, with_edition(handbook, source), LATER)
    found = await ratings(api.pool, [(1, None)])
    assert handbook_explaining_at_once(api.handbooks, found[1, None]) is None
    text = "{ customers(first: 9) { edges { node { memberNo tier { star next { shortfall } } } } } }"
    for _ in range(2):
        page = [edge["node"] for edge in (await api.data(text, FRONTEND))["customers"]["edges"]]
        for each in page:
            fields = "memberNo tier { star next { shortfall } }"
            alone = f'{{ customer(memberNo: "{each["memberNo"]}") {{ {fields} }} }}'
            assert (await api.data(alone, FRONTEND))["customer"] == each
        await api.handbooks.look(api.pool)
    assert handbook_explaining_at_once(api.handbooks, found[1, None]) is api.handbook
