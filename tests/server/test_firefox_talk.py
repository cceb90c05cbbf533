"""The page at ``/talk`` in the real Firefox, over the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.eventually import eventually
from tests.helpers.firefox import Tab, firefox
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import APP, LONG_ANSWER

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("firefox-talk"), APP) as running:
        yield running


@pytest.fixture
def tab(tmp_path: Path, server: Server) -> Iterator[Tab]:
    with firefox(tmp_path) as one:
        one.open(f"{server.url}talk")
        until(one, "document.querySelector('#persona-summary').textContent.includes('Ada')")
        yield one
        assert [text for level, text in one.said if level in ("error", "warn")] == []


def until(tab: Tab, happens: str) -> None:
    def seen() -> object:
        return tab.evaluate("[document.querySelector('#phase').textContent, document.body.innerText.slice(0, 2000)]")

    eventually(lambda: tab.evaluate(happens), seen, timeout_s=LONG_WAIT / 1000, interval_s=0.05)


def until_phase(tab: Tab, phase: str) -> None:
    until(tab, f"document.querySelector('#call').dataset.phase === {json.dumps(phase)}")


def ask(tab: Tab, question: str) -> None:
    tab.evaluate(f"""(() => {{
        document.querySelector("#question").value = {json.dumps(question)};
        document.querySelector("#question-form").requestSubmit();
    }})()""")


def said(tab: Tab) -> str:
    return str(
        tab.evaluate("[...document.querySelectorAll('#transcript .assistant .said')].at(-1)?.textContent ?? ''")
    )


def test_a_written_question_is_answered_by_the_face(tab: Tab) -> None:
    ask(tab, "repeat: One two three. Four five six.")
    until_phase(tab, "speaking")
    until(tab, "(document.querySelector('video.film.shown')?.currentTime ?? 0) > 0.5")
    assert tab.evaluate("document.querySelector('video.film.shown').videoWidth") > 0
    until_phase(tab, "listening")
    assert said(tab) == "One two three. Four five six."


def test_an_answer_is_interrupted(tab: Tab) -> None:
    ask(tab, f"repeat: {LONG_ANSWER}")
    until_phase(tab, "speaking")
    until(tab, "document.querySelector('#caption-spoken').textContent.includes('One sentence of')")
    tab.evaluate("document.querySelector('#interrupt').click()")
    until_phase(tab, "interrupted")
    until(tab, "[...document.querySelectorAll('video.film')].every((video) => video.paused)")
    until_phase(tab, "listening")
    assert said(tab).endswith("…")
    assert len(said(tab)) < len(LONG_ANSWER)


def test_the_microphone_s_sound_is_resampled(tab: Tab) -> None:
    """Without a sound card Firefox runs no AudioContext: the worklet is tried in one that needs none."""
    levels = tab.evaluate("""(async () => {
        const context = new OfflineAudioContext({length: 44_100, sampleRate: 44_100});
        await context.audioWorklet.addModule("static/talk/microphone-worklet.js");
        const node = new AudioWorkletNode(context, "microphone", {numberOfOutputs: 0});
        const pieces = [];
        node.port.onmessage = ({data}) => pieces.push([data.samples.length, data.level]);
        const tone = new OscillatorNode(context, {frequency: 440});
        tone.connect(node);
        tone.start();
        await context.startRendering();
        while (pieces.length < 31) await new Promise((resolve) => setTimeout(resolve, 10));
        return pieces;
    })()""")
    assert len(levels) == 16_000 // 512
    assert {length for length, _ in levels} == {512}
    assert levels[10][1] == pytest.approx(0.707, abs=0.01)
