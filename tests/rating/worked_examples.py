"""A table of worked examples of the rating rules, reckoned by hand.

Each row is one customer: a title, what happened on which day, and the rated premium on some days (with a moment: as
known then). The star follows by the printed thresholds. Unless told, a policy is whole life, traditional, long, and
paid yearly for ten years; a rider or an increase is paid yearly for ten years.
"""

from typing import Any

from handbook.coefficients import Category, Design

Happened = tuple[Any, ...]
"""A day, a type of event, and its further fields."""
Expected = tuple[Any, ...]
"""A day, the rated premium, and the moment as known at which (absent: now)."""


def issued(on: str, **fields: Any) -> Happened:
    return (on, "policy_issued", fields)


def happened(on: str, type_: str, **fields: Any) -> Happened:
    return (on, type_, fields)


def single(on: str, premium: str = "1000000", **fields: Any) -> Happened:
    return issued(on, mode="single", premium=premium, **fields)


def one_year(on: str, premium: str = "46000", **fields: Any) -> Happened:
    term = None if fields.get("mode") == "single" else 1
    return issued(on, coverage="one_year", category="medical", premium=premium, term_years=term, **fields)


BASE = issued("2024-01-10", premium="30000")  # counts from 2024-01-26 to 2034-01-10

EXAMPLES: list[tuple[str, list[Happened], list[Expected]]] = [
    # --- instalments and terms
    *(
        (
            f"a payment term of {years} years",
            [issued("2024-01-10", premium="100000", term_years=years)],
            [("2024-01-26", amount), (f"{2024 + years}-01-09", amount), (f"{2024 + years}-01-10", "0")],
        )
        for years, amount in (
            (1, "10000"), (2, "20000"), (3, "30000"), (4, "40000"), (5, "50000"), (6, "60000"), (7, "70000"),
            (8, "80000"), (9, "90000"), (10, "100000"), (11, "100000"), (30, "100000"), (100, "100000"),
        )
    ),
    *(
        (
            f"{mode} instalments over {years} years",
            [issued("2024-01-10", mode=mode, premium=premium, term_years=years)],
            [("2024-01-26", amount)],
        )
        for mode, premium, years, amount in (
            ("monthly", "2500", 10, "30000"), ("monthly", "2499.99", 10, "29999.88"), ("monthly", "12500", 3, "45000"),
            ("quarterly", "12500", 9, "45000"), ("semi_annual", "15000.01", 20, "30000.02"),
            ("semi_annual", "250000", 10, "500000"),
        )
    ),
    # --- thresholds, unrounded
    *(
        (f"a rated premium of {premium}", [issued("2024-01-10", premium=premium)], [("2024-01-26", premium)])
        for premium in (
            "0.01", "29999.99", "30000", "44999.99", "45000", "149999.99", "150000", "299999.99", "300000",
            "499999.99", "500000", "999999999999.99",
        )
    ),
    (
        "a rated premium that only rounding would lift over the threshold",
        [issued("2024-01-10", premium="99999.99", term_years=3)],
        [("2024-02-01", "29999.997")],
    ),
    (
        "fractions of cents of two policies together reach the threshold",
        [
            single("2024-01-10", "1499999.99", design="universal"),
            issued("2024-01-10", policy_no="P2", premium="0.01", term_years=1),
        ],
        [("2024-02-01", "30000.0008")],
    ),
    # --- single premiums: every product class, and which one goes before
    *(
        (
            f"a single premium, {category.value} and {design.value}",
            [single("2024-01-10", category=category.value, design=design.value)],
            [("2024-01-25", "0"), ("2024-01-26", amount), ("2026-01-09", amount), ("2026-01-10", "0")],
        )
        for category in Category
        for design in Design
        for amount in [
            "20000" if design is Design.UNIVERSAL
            else "30000" if design is Design.PARTICIPATING or category is Category.ENDOWMENT
            else "100000"
        ]
    ),
    # --- cooling-off
    (
        "the policy's own last day of the cooling-off period goes before the receipt",
        [issued("2024-01-10", received_on="2024-01-20", cooling_off_ends_on="2024-02-29")],
        [("2024-02-29", "0"), ("2024-03-01", "30000")],
    ),
    (
        "fifteen days after the receipt",
        [issued("2024-01-10", received_on="2024-01-20")],
        [("2024-02-04", "0"), ("2024-02-05", "30000"), ("2034-01-09", "30000"), ("2034-01-10", "0")],
    ),
    ("over the end of a leap February", [issued("2024-02-20")], [("2024-03-06", "0"), ("2024-03-07", "30000")]),
    ("over the end of a February", [issued("2023-02-20")], [("2023-03-07", "0"), ("2023-03-08", "30000")]),
    (
        "a one-year policy with a cooling-off period of its own",
        [one_year("2024-03-01", cooling_off_ends_on="2024-03-10")],
        [("2024-03-10", "0"), ("2024-03-11", "46000"), ("2025-02-28", "46000"), ("2025-03-01", "0")],
    ),
    (
        "a receipt gives a one-year policy no cooling-off period",
        [one_year("2024-03-01", received_on="2024-03-05")],
        [("2024-03-01", "46000")],
    ),
    (
        "cancelled on the last day of the cooling-off period",
        [BASE, happened("2024-01-25", "cooling_off_cancelled")],
        [("2024-01-25", "0"), ("2024-01-26", "0"), ("2025-01-01", "0")],
    ),
    (
        "surrendered on the day after the cooling-off period",
        [BASE, happened("2024-01-26", "surrendered")],
        [("2024-01-25", "0"), ("2024-01-26", "0")],
    ),
    (
        "an increase and a top-up within the cooling-off period count after it, valid from their own days",
        [
            BASE,
            happened("2024-01-15", "premium_increased", premium="20000", term_years=5),
            happened("2024-01-20", "top_up_paid", premium="100000"),
        ],
        [
            ("2024-01-25", "0"), ("2024-01-26", "50000"), ("2026-01-19", "50000"), ("2026-01-20", "40000"),
            ("2029-01-14", "40000"), ("2029-01-15", "30000"),
        ],
    ),
    # --- components of their own
    *(
        (
            f"top-ups of a policy that is {category} and {design}",
            [
                issued("2023-01-01", premium="40000", category=category, design=design),
                happened("2024-02-29", "top_up_paid", premium="500000"),
                happened("2024-06-01", "top_up_paid", premium="1000000", component_id="top-2"),
            ],
            [
                ("2024-02-28", "40000"), ("2024-02-29", one), ("2024-06-01", both), ("2026-02-28", both),
                ("2026-03-01", second), ("2026-06-01", "40000"),
            ],
        )
        for category, design, one, both, second in (
            ("annuity", "universal", "50000", "70000", "60000"),
            ("endowment", "universal", "50000", "70000", "60000"),
            ("whole_life", "participating", "55000", "85000", "70000"),
            ("endowment", "traditional", "55000", "85000", "70000"),
            ("whole_life", "traditional", "90000", "190000", "140000"),
        )
    ),
    (
        "riders by their own product class, and by the policy's where they do not say",
        [
            issued("2023-01-01", premium="30000", category="annuity", design="universal"),
            happened("2024-01-01", "rider_added", component_id="r1", mode="single", premium="100000"),
            happened(
                "2024-02-01", "rider_added", component_id="r2", mode="single", premium="100000", design="traditional"
            ),
            happened(
                "2024-03-01", "rider_added", component_id="r3", mode="single", premium="100000", category="endowment"
            ),
            happened(
                "2024-04-01", "rider_added", component_id="r4", mode="single", premium="100000", category="endowment",
                design="traditional",
            ),
            happened(
                "2024-05-01", "rider_added", component_id="r5", mode="monthly", premium="1000", term_years=5
            ),
        ],
        [
            ("2024-01-01", "32000"), ("2024-02-01", "42000"), ("2024-03-01", "44000"), ("2024-04-01", "47000"),
            ("2024-05-01", "53000"), ("2026-01-01", "51000"), ("2026-02-01", "41000"), ("2026-03-01", "39000"),
            ("2026-04-01", "36000"), ("2029-05-01", "30000"), ("2033-01-01", "0"),
        ],
    ),
    (
        "an increase paid at once goes by the policy's product class",
        [
            issued("2023-01-01", design="participating"),
            happened("2024-01-01", "premium_increased", mode="single", premium="500000"),
        ],
        [("2024-01-01", "45000"), ("2025-12-31", "45000"), ("2026-01-01", "30000")],
    ),
    (
        "a rider outlives the base that ended",
        [
            BASE,
            happened("2024-06-01", "rider_added", premium="30000", term_years=20),
            happened("2025-01-01", "component_ended"),
        ],
        [("2024-06-01", "60000"), ("2024-12-31", "60000"), ("2025-01-01", "30000"), ("2044-06-01", "0")],
    ),
    (
        "a rider ends on the day it began, and another one takes its place",
        [
            BASE,
            happened("2024-06-01", "rider_added", component_id="r1", premium="20000"),
            happened("2024-06-01", "component_ended", component_id="r1"),
            happened("2024-06-01", "rider_added", component_id="r2", premium="15000"),
        ],
        [("2024-06-01", "45000")],
    ),
    (
        "reductions of every kind of component, of instalments as paid",
        [
            issued("2023-01-01", mode="monthly", premium="5000"),
            happened("2024-01-01", "premium_increased", premium="20000", term_years=5),
            happened("2024-02-01", "rider_added", mode="quarterly", premium="5000"),
            happened("2024-03-01", "top_up_paid", premium="100000"),
            happened("2024-04-01", "premium_reduced", component_id="base", premium="2500"),
            happened("2024-05-01", "premium_reduced", component_id="inc-1", premium="10000"),
            happened("2024-06-01", "premium_reduced", component_id="rid-1", premium="2500"),
            happened("2024-07-01", "premium_reduced", component_id="top-1", premium="50000"),
            happened("2024-08-01", "premium_reduced", component_id="base", premium="1000"),
        ],
        [
            ("2023-12-31", "60000"), ("2024-01-01", "70000"), ("2024-02-01", "90000"), ("2024-03-01", "100000"),
            ("2024-04-01", "70000"), ("2024-05-01", "65000"), ("2024-06-01", "55000"), ("2024-07-01", "50000"),
            ("2024-08-01", "32000"), ("2026-03-01", "27000"),
        ],
    ),
    # --- statuses
    (
        "lapsed, reinstated and lapsed again: no validity is gained",
        [
            issued("2022-01-10", premium="300000", term_years=5),
            happened("2023-03-01", "lapsed"),
            happened("2023-06-01", "reinstated"),
            happened("2024-03-01", "lapsed"),
            happened("2026-06-01", "reinstated"),
            happened("2026-12-31", "lapsed"),
            happened("2027-06-01", "reinstated"),
        ],
        [
            ("2023-02-28", "150000"), ("2023-03-01", "0"), ("2023-06-01", "150000"), ("2024-03-01", "0"),
            ("2026-05-31", "0"), ("2026-06-01", "150000"), ("2026-12-31", "0"), ("2027-06-01", "0"),
        ],
    ),
    (
        "lapsed and reinstated on one day",
        [issued("2022-01-10"), happened("2024-03-01", "lapsed"), happened("2024-03-01", "reinstated")],
        [("2024-02-29", "30000"), ("2024-03-01", "30000")],
    ),
    (
        "lapsed within the cooling-off period, reinstated after it",
        [BASE, happened("2024-01-20", "lapsed"), happened("2024-02-20", "reinstated")],
        [("2024-01-26", "0"), ("2024-02-19", "0"), ("2024-02-20", "30000")],
    ),
    (
        "lapsed, then surrendered; paid-up, then terminated; waived, then surrendered",
        [
            issued("2022-01-10"),
            issued("2022-01-10", policy_no="P2"),
            issued("2022-01-10", policy_no="P3"),
            happened("2024-01-01", "lapsed"),
            happened("2024-02-01", "surrendered"),
            happened("2024-03-01", "reduced_paid_up", policy_no="P2"),
            happened("2024-04-01", "terminated", policy_no="P2"),
            happened("2024-05-01", "premium_waived", policy_no="P3"),
            happened("2024-06-01", "surrendered", policy_no="P3"),
        ],
        [
            ("2023-12-31", "90000"), ("2024-01-01", "60000"), ("2024-02-01", "60000"), ("2024-03-01", "30000"),
            ("2024-04-01", "30000"), ("2024-05-01", "0"), ("2024-06-01", "0"),
        ],
    ),
    (
        "a status ends riders and top-ups with the policy",
        [
            issued("2022-01-10"),
            happened("2024-01-01", "rider_added", premium="60000"),
            happened("2024-01-01", "top_up_paid", premium="600000"),
            happened("2024-07-01", "premium_waived"),
        ],
        [("2024-01-01", "150000"), ("2024-06-30", "150000"), ("2024-07-01", "0")],
    ),
    # --- one-year policies
    (
        "renewed before the year was over: years that overlap count once",
        [one_year("2024-03-01"), happened("2025-02-15", "renewed")],
        [("2025-02-14", "46000"), ("2025-02-15", "46000"), ("2026-02-14", "46000"), ("2026-02-15", "0")],
    ),
    (
        "renewed after a gap, twice",
        [one_year("2024-03-01"), happened("2025-04-01", "renewed"), happened("2026-06-01", "renewed")],
        [
            ("2025-03-01", "0"), ("2025-03-31", "0"), ("2025-04-01", "46000"), ("2026-03-31", "46000"),
            ("2026-04-01", "0"), ("2026-06-01", "46000"), ("2027-05-31", "46000"), ("2027-06-01", "0"),
        ],
    ),
    (
        "riders, increases and top-ups of a one-year policy count in full, in its years only",
        [
            one_year("2024-03-01", "20000"),
            happened("2024-06-01", "rider_added", premium="10000", term_years=20),
            happened("2024-07-01", "premium_increased", mode="monthly", premium="1000", term_years=1),
            happened("2024-08-01", "top_up_paid", premium="5000"),
            happened("2025-06-01", "renewed"),
            happened("2025-09-01", "component_ended", component_id="rid-1"),
        ],
        [
            ("2024-03-01", "20000"), ("2024-06-01", "30000"), ("2024-07-01", "42000"), ("2024-08-01", "47000"),
            ("2025-02-28", "47000"), ("2025-03-01", "0"), ("2025-06-01", "47000"), ("2025-09-01", "37000"),
            ("2026-05-31", "37000"), ("2026-06-01", "0"),
        ],
    ),
    (
        "a one-year policy paid monthly, and one paid at once",
        [
            one_year("2024-03-01", "1500", mode="monthly"),
            one_year("2024-03-01", "12000", mode="single", design="universal", policy_no="P2"),
        ],
        [("2024-03-01", "30000"), ("2025-02-28", "30000"), ("2025-03-01", "0")],
    ),
    (
        "a one-year policy that lapsed and was reinstated within its year",
        [one_year("2024-03-01"), happened("2024-06-01", "lapsed"), happened("2024-08-01", "reinstated")],
        [("2024-05-31", "46000"), ("2024-06-01", "0"), ("2024-08-01", "46000"), ("2025-03-01", "0")],
    ),
    (
        "a one-year policy from 29 February, renewed on the 28th",
        [one_year("2024-02-29"), happened("2025-02-28", "renewed")],
        [("2025-02-27", "46000"), ("2025-02-28", "46000"), ("2026-02-27", "46000"), ("2026-02-28", "0")],
    ),
    # --- what never counts
    (
        "riders and top-ups of a group policy",
        [
            issued("2022-01-10", line="group", premium="500000"),
            happened("2023-01-01", "rider_added", premium="500000"),
            happened("2023-01-01", "top_up_paid", premium="50000000"),
        ],
        [("2023-06-01", "0")],
    ),
    (
        "riders and top-ups of a policy of less than a year",
        [
            issued("2022-01-10", coverage="under_one_year", premium="500000", term_years=1),
            happened("2022-02-01", "rider_added", premium="500000"),
            happened("2022-02-01", "top_up_paid", premium="50000000"),
        ],
        [("2022-02-01", "0"), ("2022-06-01", "0")],
    ),
    (
        "a one-year group policy",
        [issued("2024-03-01", line="group", coverage="one_year", premium="500000", term_years=1)],
        [("2024-03-01", "0")],
    ),
    # --- from 29 February
    (
        "long policies from 29 February",
        [issued("2024-02-29"), single("2024-02-29", "200000", policy_no="P2")],
        [("2024-03-16", "50000"), ("2026-02-28", "50000"), ("2026-03-01", "30000"), ("2034-02-28", "30000"),
         ("2034-03-01", "0")],
    ),
    (
        "a payment term of four years from 29 February to the next",
        [issued("2024-02-29", premium="100000", term_years=4)],
        [("2028-02-28", "40000"), ("2028-02-29", "0")],
    ),
    (
        "a one-year policy from 29 February, renewed on 1 March",
        [one_year("2024-02-29"), happened("2025-03-01", "renewed")],
        [("2025-02-28", "46000"), ("2025-03-01", "46000"), ("2026-02-28", "46000"), ("2026-03-01", "0")],
    ),
    (
        "a one-year policy from 29 February, renewed never",
        [one_year("2024-02-29")],
        [("2025-02-28", "46000"), ("2025-03-01", "0")],
    ),
    # --- gift policies
    (
        "a gift policy of premium 0, and a reduction to 0, beside a policy that counts",
        [
            BASE,
            one_year("2024-01-10", "0.00", policy_no="P2"),
            issued("2024-01-10", policy_no="P3", premium="5000"),
            happened("2024-06-01", "premium_reduced", policy_no="P3", premium="0"),
        ],
        [("2024-01-26", "35000"), ("2024-06-01", "30000"), ("2025-01-10", "30000")],
    ),
    (
        "a gift policy alone",
        [one_year("2024-03-01", "0"), happened("2025-03-01", "renewed")],
        [("2024-03-01", "0"), ("2026-03-01", "0")],
    ),
    # --- as known at
    (
        "two late corrections, each believed from its own day",
        [
            happened("2023-01-10", "policy_issued", premium="500000", recorded_at="2023-01-10T09:00:00+08:00"),
            happened("2025-02-01", "premium_reduced", premium="300000", recorded_at="2025-04-01T09:00:00+08:00"),
            happened("2025-01-15", "lapsed", recorded_at="2025-05-01T09:00:00+08:00"),
            happened("2025-01-20", "reinstated", recorded_at="2025-05-01T09:00:00+08:00"),
        ],
        [
            ("2025-03-01", "0", "2023-01-10T08:59:59+08:00"),
            ("2025-03-01", "500000", "2023-01-10T09:00:00+08:00"),
            ("2025-03-01", "500000", "2025-04-01T08:59:59+08:00"),
            ("2025-03-01", "300000", "2025-04-01T01:00:00Z"),
            ("2025-01-15", "500000", "2025-04-30T00:00:00+08:00"),
            ("2025-01-15", "0", "2025-05-01T09:00:00+08:00"),
            ("2025-01-15", "0"), ("2025-01-20", "500000"), ("2025-02-01", "300000"),
        ],
    ),
    (
        "a status told ahead of its day is already known",
        [
            happened("2023-01-10", "policy_issued", premium="500000", recorded_at="2023-01-10T09:00:00+08:00"),
            happened("2027-01-01", "terminated", recorded_at="2024-01-01T00:00:00+08:00"),
        ],
        [
            ("2027-01-01", "500000", "2023-12-31T23:59:59+08:00"), ("2027-01-01", "0", "2024-01-01T00:00:00+08:00"),
            ("2026-12-31", "500000"), ("2027-01-01", "0"),
        ],
    ),
]  # fmt: skip
