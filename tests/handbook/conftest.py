"""Handbooks by the hundred: each copy differs from the shipped edition in one file; the others are read once."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="session", autouse=True)
def _composed_once() -> Iterator[None]:
    """Compose the same text once: nodes are only read, and composing them is nearly all that loading costs."""
    compose = yaml.compose
    composed: dict[str, Any] = {}

    def remembering(text: str, Loader: Any) -> Any:  # noqa: N803 - PyYAML's own name
        if text not in composed:
            composed[text] = compose(text, Loader=Loader)
        return composed[text]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yaml, "compose", remembering)
        yield
