"""What a process does with itself before it serves."""

import gc

from app.serving.process import keep_for_good
from schema.build import build_schema


def test_what_stays_is_not_looked_through_again_while_clients_wait():
    schema = build_schema()
    held = len(gc.get_objects())
    keep_for_good()
    try:
        assert len(gc.get_objects()) < held / 100
        assert gc.get_freeze_count() > held / 2
    finally:
        gc.unfreeze()
    assert schema.core.query_type is not None
