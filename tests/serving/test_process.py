"""What a process does with itself before it serves."""

import gc

from app.serving.process import spare_collector
from schema.build import build_schema


def test_what_stays_is_not_looked_through_again_while_clients_wait():
    schema = build_schema()
    held, thresholds = len(gc.get_objects()), gc.get_threshold()
    spare_collector()
    try:
        assert len(gc.get_objects()) < held / 100
        assert gc.get_freeze_count() > held / 2
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    assert schema.core.query_type is not None
