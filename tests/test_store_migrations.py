"""Each step of the migrations, down and up again, over a database that holds something of everything."""

import pytest
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import inspect

from server.access_schemas import ApiKeyRequest
from server.case_schemas import Case
from server.schemas import FeedbackRequest
from server.store.api_keys import ApiKeys
from server.store.audit import Audit
from server.store.cases import Cases
from server.store.conversations import Conversations
from server.store.database import Database
from server.store.drafts import Drafts
from server.store.inbox import Inbox
from server.store.migrate import FOLDER, VERSION_TABLE, downgrade, upgrade
from server.store.models import Base
from server.store.sealing import Keyring
from tests.drafts import keep_draft
from tests.stores import Clock, keep

pytest_plugins = ["tests.store_fixtures"]

KEYRING = Keyring([Fernet.generate_key().decode()])


def steps() -> list[str]:
    """Name the steps, the last first."""
    scripts = ScriptDirectory(str(FOLDER))
    return [step.revision for step in scripts.walk_revisions()]


def fill(database: Database, clock: Clock) -> None:
    """Keep one of each thing."""
    conversations = Conversations(database, clock)
    answer = keep(conversations, "Quel délai ?")
    conversations.give_feedback("alice", FeedbackRequest(answer_id=answer.id, useful=True, comment="Bien."))
    keep_draft(Drafts(database, KEYRING, clock))
    case = Case(id="delai", question="Quel délai de réponse ?")
    Cases(database, clock).add(
        case, actor="alice", groups=frozenset(), readers=case.groups, origin="written", state="accepted"
    )
    ApiKeys(database, clock).create(
        ApiKeyRequest(name="essai", scopes=["ask"]), "d" * 64, "fanal_abc", "alice"
    )


def held(database: Database, clock: Clock) -> dict[str, int]:
    """Count what the stores give back."""
    return {
        "conversations": Conversations(database, clock).count(),
        "feedback": len(Inbox(database).newest(10)),
        "drafts": len(Drafts(database, KEYRING, clock).summaries("alice")),
        "cases": len(Cases(database, clock).views(frozenset())),
        "keys": len(ApiKeys(database, clock).views()),
        "intact": sum(line.intact for line in Audit(database, clock).lines()),
    }


@pytest.mark.parametrize("back", range(1, len(steps())))
def test_a_step_back_and_forth_keeps_what_was_there_before_it(
    database: Database, clock: Clock, back: int
) -> None:
    fill(database, clock)
    before = held(database, clock)
    assert min(before.values()) >= 1
    with database.engine.begin() as connection:
        downgrade(connection, steps()[back])
    gone = set(Base.metadata.tables) - set(inspect(database.engine).get_table_names())
    assert gone
    with database.engine.begin() as connection:
        upgrade(connection)
    after = held(database, clock)
    assert (after["conversations"], after["feedback"]) == (1, 1)  # of the first step: none takes them away
    assert after["drafts"] == (0 if "drafts" in gone else 1)
    assert after["cases"] == (0 if "cases" in gone else 1)
    assert after["keys"] == (0 if "api_keys" in gone else 1)
    assert after["intact"] == (0 if "audit_lines" in gone else before["intact"])
    keep(Conversations(database, clock), "Et après ?")
    assert len(Conversations(database, clock).recent("alice", "c1", 10)) == 2


def test_all_steps_back_over_what_is_held_leave_nothing(database: Database, clock: Clock) -> None:
    fill(database, clock)
    with database.engine.begin() as connection:
        downgrade(connection)
    assert set(inspect(database.engine).get_table_names()) == {VERSION_TABLE}
    with database.engine.begin() as connection:
        upgrade(connection)
    assert set(held(database, clock).values()) == {0}
