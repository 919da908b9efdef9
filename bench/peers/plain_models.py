"""Tortoise models of the peers' tables."""

from tortoise import fields
from tortoise.models import Model


class Benefit(Model):
    """A benefit."""

    code = fields.CharField(max_length=64, primary_key=True)
    name = fields.TextField()

    class Meta:
        """Where it is kept."""

        table = "benefits"
        schema = "peer"


class Member(Model):
    """A member."""

    id = fields.BigIntField(primary_key=True)
    member_no = fields.CharField(max_length=64, unique=True)
    name = fields.TextField()

    class Meta:
        """Where it is kept."""

        table = "members"
        schema = "peer"


class Tier(Model):
    """A member's tier."""

    member_id = fields.BigIntField(primary_key=True)
    star = fields.IntField()
    rated_premium = fields.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        """Where it is kept."""

        table = "tiers"
        schema = "peer"


class Quota(Model):
    """A member's quota of a benefit."""

    member_id = fields.BigIntField(
        primary_key=True
    )  # with `position`; Tortoise knows keys of one column only
    position = fields.IntField()
    benefit_code = fields.TextField()
    entitled = fields.BooleanField()
    granted = fields.IntField(null=True)
    used = fields.IntField()
    held = fields.IntField()
    remaining = fields.IntField(null=True)

    class Meta:
        """Where it is kept."""

        table = "quotas"
        schema = "peer"
