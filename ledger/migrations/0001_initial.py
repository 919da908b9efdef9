"""The ledger, its caches, and the vendors: see the SQL beside this file."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL


class Migration(migrations.Migration):
    """Creates the tables of `ledger`; their append-only triggers use the function that `rating` created."""

    initial = True
    dependencies = [("rating", "0001_initial")]
    operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]
