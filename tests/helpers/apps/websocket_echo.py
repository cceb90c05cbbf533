"""What gunicorn serves in test_websockets.py: the small service with WebSocket routes of the test's own.

``/api/echo`` sends back what it gets; ``/api/flood/<bytes>`` sends that many bytes in messages of 1 kB and closes;
``/api/silent`` sends and reads nothing, ever; ``/api/polite`` says goodbye when the server stops.
"""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket

from lipsync.server.app import create_app
from lipsync.server.asgi.websocket_routes import add_websocket_route
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService

MESSAGE = b"x" * 1000

settings = Settings(_env_file=None)
app = create_app(settings, FakeService(settings))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            (settings.outputs / f"left {message['code']}").touch()
            return
        if (text := message.get("text")) is None:
            await websocket.send_bytes(message["bytes"])
        else:
            await websocket.send_text(f"{websocket.state.caller.name}: {text}" if text == "who" else text)


async def flood(websocket: WebSocket) -> None:
    await websocket.accept()
    for _ in range(int(websocket.path_params["count"]) // len(MESSAGE)):
        await websocket.send_bytes(MESSAGE)
    await websocket.close()


async def silent(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await asyncio.Event().wait()
    finally:
        (settings.outputs / "cancelled").touch()


async def polite(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.state.stopping.wait()
    await websocket.send_text("goodbye")
    await websocket.close(1001)


async def broken(websocket: WebSocket) -> None:
    await websocket.accept()
    raise ValueError


add_websocket_route(app, "/api/echo", echo)
add_websocket_route(app, "/api/flood/<int:count>", flood)
add_websocket_route(app, "/api/silent", silent)
add_websocket_route(app, "/api/broken", broken)
add_websocket_route(app, "/api/polite", polite, farewell_s=2.0)
