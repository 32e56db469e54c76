"""Write in all stores from several threads: `python -m tests.store_writer URL KEY DRAFT NAME THREADS ROUNDS`.

Prints a JSON line for each thing that the store acknowledged, and one for each conflict that it told.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from server.schemas import FeedbackRequest
from server.store.audit import Act, Audit
from server.store.conversations import Conversations
from server.store.database import open_database
from server.store.drafts import Drafts
from server.store.errors import DraftChanged
from server.store.sealing import Keyring
from tests.stores import answer_to, keep

PRINTING = threading.Lock()


def say(**said: object) -> None:
    with PRINTING:
        print(json.dumps(said), flush=True)


def main(url: str, key: str, draft: str, name: str, threads: str, rounds: str) -> None:
    database = open_database(url)
    conversations, audit, drafts = Conversations(database), Audit(database), Drafts(database, Keyring([key]))

    def write(number: int) -> None:
        own = f"{name}-{number}"
        for turn in range(int(rounds)):
            answer = keep(conversations, f"Question {turn} ?", own, own)
            say(turn=answer.id, owner=own)
            conversations.give_feedback(own, FeedbackRequest(answer_id=answer.id, useful=True))
            say(feedback=answer.id, owner=own)
            shared = answer_to("Question commune ?", "commune", id=f"{own}-{turn}")
            conversations.record("alice", shared, None, {})
            say(turn=shared.id, owner="alice")
            audit.record(Act("search", own, counts={"passages": turn}))
            say(act=own)
            edit(own, turn)

    def edit(own: str, turn: int) -> None:
        read = drafts.get("alice", draft)
        assert read is not None
        try:
            kept = drafts.edit("alice", draft, {"projet": f"Projet de {own}, {turn}."}, read.revision)
            assert kept is not None
            say(edit=kept.revision)
        except DraftChanged:
            say(conflict=read.revision)

    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(write, range(int(threads))))


if __name__ == "__main__":
    main(*sys.argv[1:])
