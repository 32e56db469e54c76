"""In the place of llama.cpp's server: an OpenAI-compatible endpoint that quotes the first passage it is shown.

Run as `infra/local_model.py` runs the real one: `python tests/tiny_model.py … serve --port PORT …`. Standard library
only: it is up in a tenth of a second.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "modele-minuscule"
_FIRST_PASSAGE = re.compile(r"début du passage 1\n[^\n]*\n(?P<text>.+?)\n\S+ fin du passage 1", re.DOTALL)


class Endpoint(BaseHTTPRequestHandler):
    """The list of models, and chat completions as a stream."""

    def do_GET(self) -> None:
        """List the one model."""
        self._send("application/json", json.dumps({"data": [{"id": NAME}]}))

    def do_POST(self) -> None:
        """State the first line of the first passage, with itself as its quote."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(answer_to(asked["messages"][-1]["content"]), ensure_ascii=False)
        if not asked.get("stream"):
            choice: dict[str, Any] = {"message": {"content": answer}, "finish_reason": "stop"}
            self._send("application/json", json.dumps({"choices": [choice]}))
            return
        choice = {"delta": {"content": answer}, "finish_reason": "stop"}
        self._send("text/event-stream", f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _send(self, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def answer_to(prompt: str) -> dict[str, object]:
    """Answer a question's prompt; nothing for another kind of prompt."""
    found = _FIRST_PASSAGE.search(prompt)
    if found is None:
        return {"abstain": True, "statements": []}
    quote = found["text"].split("\n")[0]
    return {"abstain": False, "statements": [{"text": quote, "quotes": [{"passage": 1, "quote": quote}]}]}


if __name__ == "__main__":
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), Endpoint).serve_forever()
