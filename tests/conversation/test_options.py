"""How long the stages of an answer may take."""

from __future__ import annotations

import pytest

from lipsync.conversation.options import stage_limits
from lipsync.language_models.chain import TimeLimits
from lipsync.settings import Settings


@pytest.mark.parametrize(("first_token_s", "whole_s"), [(4.0, 30.0), (0.3, 5.0), (60.0, 30.0), (300.0, 600.0)])
def test_an_answer_waits_longer_than_its_language_models(
    settings: Settings, first_token_s: float, whole_s: float
) -> None:
    """A server that is late is replaced by the embedded model, which may have to be loaded first."""
    changed = settings.model_copy(update={"llm_first_token_s": first_token_s, "llm_timeout_s": whole_s})
    limits = stage_limits(changed)
    load_s = TimeLimits().load_s
    assert limits.first_token_s > min(first_token_s + load_s + first_token_s, load_s + whole_s)
    assert limits.text_s > load_s + whole_s
