"""Customers, relatives and policies as Tortoise models: a projection of the events for reading.

`rating.recording` writes these tables together with the events; saving a model directly would write data without an
event. The tables are made by `rating.migrations`. `Relative` and `Policy` have two-column keys, which Tortoise does not
know: as models they are for filtering by customer, never for `get(pk=…)`.
"""

from tortoise import fields
from tortoise.models import Model


class Customer(Model):
    """A customer (policyholder), known by the member number."""

    id = fields.BigIntField(primary_key=True)
    member_no = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=200)
    registered_on = fields.DateField()
    recorded_at = fields.DatetimeField()

    class Meta:
        """Where it is kept."""

        app = "rating"
        table = "customers"


class Relative(Model):
    """A relative of a customer; `relative_id` is unique for the customer."""

    customer_id = fields.BigIntField()
    relative_id = fields.CharField(max_length=64, primary_key=True)
    name = fields.CharField(max_length=200)
    relation = fields.CharField(max_length=16)
    registered_on = fields.DateField()

    class Meta:
        """Where it is kept."""

        app = "rating"
        table = "relatives"


class Policy(Model):
    """A policy of a customer; `policy_no` is unique for the customer."""

    customer_id = fields.BigIntField()
    policy_no = fields.CharField(max_length=64, primary_key=True)
    line = fields.CharField(max_length=16)
    coverage = fields.CharField(max_length=16)
    category = fields.CharField(max_length=32)
    design = fields.CharField(max_length=16)
    issued_on = fields.DateField()
    cooling_off_ends_on = fields.DateField(null=True)
    statuses: fields.Field[list[list[str]]] = fields.JSONField()
    components: fields.Field[list[dict[str, str | int | list[list[str]] | None]]] = fields.JSONField()

    class Meta:
        """Where it is kept."""

        app = "rating"
        table = "policies"
