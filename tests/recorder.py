"""Keep answers until killed: `python -m tests.recorder URL CONVERSATION WRITER` prints each id once kept."""

import sys
from itertools import count

from server.store.conversations import Conversations
from server.store.database import open_database
from tests.stores import answer_to


def main(url: str, conversation: str, writer: str) -> None:
    conversations = Conversations(open_database(url))
    for number in count():
        answer = answer_to(f"Question {number} ?", conversation, id=f"{conversation}-{writer}-{number}")
        conversations.record("alice", answer, None, {})
        print(answer.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
