"""``GET /api/v1/personas``."""

from __future__ import annotations

from pathlib import Path

from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.conversation.personas.test_personas import own
from tests.helpers.fake_service import FakeService


def test_the_personas_are_listed_without_their_prompts(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    own(tmp_path / "personas")
    changed = settings.model_copy(update={"personas": tmp_path / "personas", "persona": "lev"})
    app = create_app(changed, FakeService(changed))
    with app.test_client() as client:
        answer = client.get("/api/v1/personas")
        assert answer.status_code == 200
        body = answer.get_json()
    assert body["default"] == "lev"
    assert [one["name"] for one in body["personas"]] == ["ada", "lev", "taras", "bo"]
    assert all(one["ai"] is True for one in body["personas"])
    assert "prompt" not in answer.get_data(as_text=True)
    assert body["personas"][1]["greeting"].startswith("Здравствуйте")
