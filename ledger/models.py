"""Vendors and their contracts, as Tortoise models: plain, small records that people register.

The tables are made by `ledger.migrations`; everything else of the ledger is written by the journal and has no model.
`DecimalField` rounds silently: `ledger.vendors` refuses a price with more than two places beforehand.
"""

from tortoise import fields
from tortoise.models import Model


class Vendor(Model):
    """A vendor of services. `code` names it in tokens, contracts and entries, for ever; `name` is for people."""

    code = fields.CharField(max_length=64, primary_key=True)
    name = fields.CharField(max_length=200)
    registered_at = fields.DatetimeField()
    date_tolerance_days = fields.IntField(default=3)

    class Meta:
        """Where it is kept."""

        app = "ledger"
        table = "vendors"


class ContractTerm(Model):
    """What a vendor is paid for one unit of a benefit, in CNY, on the days [starts_on, ends_on); no end is open.

    `variant` null: of every grade that has no price of its own. `subject`: who registered it; null: not known. Only
    the end of an open term is ever set, once: the database refuses any other change.
    """

    id = fields.BigIntField(primary_key=True)
    vendor: fields.ForeignKeyRelation[Vendor] = fields.ForeignKeyField(
        "ledger.Vendor", related_name="terms", source_field="vendor"
    )
    benefit = fields.CharField(max_length=64)
    variant = fields.CharField(max_length=64, null=True)
    unit_price = fields.DecimalField(max_digits=14, decimal_places=2)
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)
    subject = fields.TextField(null=True)

    class Meta:
        """Where it is kept."""

        app = "ledger"
        table = "contract_terms"
