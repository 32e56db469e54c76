"""The law's days, with a clock: what of a draft goes when, and that nothing of it is left (R6313-7, L6313-4)."""

from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, update

from server.draft_schemas import Consent, Retention
from server.store.audit import Audit
from server.store.database import Database, open_database
from server.store.draft_purge import Purged
from server.store.draft_rows import KeptDraft
from server.store.drafts import Drafts
from server.store.keeping import expires_on, longest_draft, notes_until
from server.store.models import StoredDraft, StoredDraftKey
from server.store.sealing import Keyring
from server.templates import load_templates
from tests.drafts import SECRETS, keep_draft, make_template
from tests.stores import START, Clock

pytest_plugins = ["tests.store_fixtures"]

AGREED = Consent(given=True, keep=True)
DAY = START.date()


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def validated(drafts: Drafts, **fields: Any) -> KeptDraft:
    kept = keep_draft(drafts, **fields)
    done = drafts.validate("alice", kept.id, "Iris Conseil", 1)
    assert done is not None
    return done


# ---------------------------------------------------------------- the days

BILAN = Retention(draft_days=30, notes_days=0, synthesis_days=0, agreed_days=1_095, basis="R6313-7")


@pytest.mark.parametrize(
    ("agreed", "age", "first", "day"),
    [
        (False, 0, None, after(30)),  # a draft that nobody validated
        (True, 0, None, after(30)),  # an agreement says nothing of it
        (True, 149, None, after(30)),
        (True, 170, None, after(10)),  # edited again and again: it ends all the same
        (False, 0, DAY, after(1)),  # destroyed when the assessment ends: the day is left to hand it over
        (True, 0, DAY, after(1_095)),  # three years with a written agreement
        (True, 1_010, DAY - timedelta(days=1_000), after(95)),  # a new validation does not begin them again
        (True, 1_090, DAY - timedelta(days=1_080), after(15)),  # nor does an edit
        (True, 110, DAY - timedelta(days=100), after(995)),  # nor does it shorten them
    ],
)
def test_a_day_is_counted_from_the_change_and_the_first_validation(
    agreed: bool, age: int, first: date | None, day: date
) -> None:
    consent = Consent(given=True, keep=agreed)
    assert expires_on(BILAN, consent, DAY - timedelta(days=age), DAY, first) == day


@pytest.mark.parametrize(("days", "most"), [(0, 0), (30, 180), (90, 365), (400, 400), (1_095, 1_095)])
def test_a_draft_that_nobody_validates_has_an_end(days: int, most: int) -> None:
    assert longest_draft(BILAN.model_copy(update={"draft_days": days})) == most


def test_an_agreement_changes_nothing_where_the_template_says_so() -> None:
    fixed = BILAN.model_copy(update={"synthesis_days": 90, "agreed_days": None})
    assert expires_on(fixed, AGREED, DAY, DAY, DAY) == after(90)
    assert notes_until(fixed, DAY) == after(1)


@pytest.mark.parametrize("template", load_templates().all(), ids=lambda template: template.id)
def test_every_template_s_notes_go_no_later_than_its_synthesis(template) -> None:  # type: ignore[no-untyped-def]
    for agreed in (False, True):
        ends = expires_on(template.retention, Consent(given=True, keep=agreed), DAY, DAY, DAY)
        assert notes_until(template.retention, DAY) <= ends


# ---------------------------------------------------------------- what goes


def test_a_bilan_s_documents_go_when_it_ends_and_its_synthesis_after_three_years(
    drafts: Drafts, clock: Clock
) -> None:
    bilan = next(template for template in load_templates().all() if "bilan" in template.id)
    agreed = validated(drafts, template=bilan, consent=AGREED)
    refused = validated(drafts, template=bilan)
    assert agreed.expires_on <= (START + timedelta(days=3 * 365 + 1)).date()
    clock.forward(days=max(bilan.retention.notes_days, bilan.retention.synthesis_days, 1))
    drafts.purge("fanal")
    assert drafts.get("alice", refused.id) is None
    left = drafts.get("alice", agreed.id)
    assert left is not None
    assert (left.content.notes, left.content.restore, left.content.notes_gone) == ([], {}, True)
    clock.now = datetime.combine(agreed.expires_on, START.timetz()) - timedelta(days=1)
    drafts.purge("fanal")
    assert drafts.get("alice", agreed.id) is not None
    clock.forward(days=1)
    assert drafts.get("alice", agreed.id) is None  # before the purge too
    assert drafts.summaries("alice") == []
    assert drafts.purge("fanal") == Purged(syntheses=1)
    clock.forward(days=-1)
    assert drafts.get("alice", agreed.id) is None


def test_a_draft_that_nobody_validated_goes_and_an_edit_begins_its_days_again(
    drafts: Drafts, clock: Clock, audit: Audit
) -> None:
    first, second = keep_draft(drafts), keep_draft(drafts)
    clock.forward(days=29)
    assert drafts.purge("fanal") == Purged()
    drafts.edit("alice", second.id, {"projet": "Autre."}, 1)
    clock.forward(days=1)
    assert drafts.purge("fanal") == Purged(drafts=1)
    assert [line.id for line in drafts.summaries("alice")] == [second.id]
    last = list(audit.lines())[-1].act
    assert (last.act, last.actor, last.object_id, last.template) == (
        "draft_purged",
        "fanal",
        first.id,
        "bilan",
    )


def test_a_draft_that_is_edited_every_month_ends_all_the_same(drafts: Drafts, clock: Clock) -> None:
    kept = keep_draft(drafts)
    for revision in range(1, 8):
        clock.forward(days=29)
        if drafts.edit("alice", kept.id, {"projet": f"Mois {revision}."}, revision) is None:
            break
    assert clock.now.date() >= after(180)
    assert drafts.purge("fanal") == Purged(drafts=1)


def test_an_edit_takes_no_day_and_no_word_of_what_was_signed(drafts: Drafts, clock: Clock) -> None:
    kept = validated(drafts, consent=AGREED)
    clock.forward(days=40)
    drafts.purge("fanal")
    for revision, text in enumerate(("Faute de frappe", "Autre"), 1):
        edited = drafts.edit("alice", kept.id, {"projet": text}, revision)
        assert edited is not None
        assert (edited.status, edited.expires_on) == ("draft", kept.expires_on)
        assert edited.content.signed is not None
        assert edited.content.signed.validation == kept.content.validation
        assert edited.content.signed.texts["projet"] == kept.content.sections[0].text
    clock.forward(days=100)
    assert drafts.purge("fanal") == Purged()
    again = drafts.validate("alice", kept.id, "Iris Conseil", 3)
    assert again is not None
    assert again.content.signed is None


def test_only_the_person_s_text_is_left_when_the_notes_go(drafts: Drafts, clock: Clock, audit: Audit) -> None:
    kept = validated(drafts)
    clock.forward(days=1)
    assert drafts.purge("fanal") == Purged(notes=1)
    assert drafts.purge("fanal") == Purged()
    left = drafts.get("alice", kept.id)
    assert left is not None
    assert left.content.validation == kept.content.validation
    assert left.content.label == kept.content.label
    assert [section.text for section in left.content.sections] == [
        section.text for section in kept.content.sections
    ]
    for section in left.content.sections:
        assert (section.machine_text, section.sentences, section.diff) == ("", [], [])
    assert (left.content.notes, left.content.entities, left.content.restore) == ([], [], {})
    assert (left.status, left.revision, left.expires_on) == ("validated", 1, after(60))
    assert [line.act.act for line in audit.lines()][-1] == "notes_purged"


def test_an_edit_after_the_notes_went_brings_nothing_back(drafts: Drafts, clock: Clock) -> None:
    kept = validated(drafts)
    clock.forward(days=1)
    drafts.purge("fanal")
    edited = drafts.edit("alice", kept.id, {"projet": "Corrigé."}, 1)
    assert edited is not None
    assert edited.content.sections[0].diff == []
    again = drafts.validate("alice", kept.id, "Iris Conseil", 2)
    assert again is not None
    assert again.expires_on == after(60)
    assert drafts.purge("fanal") == Purged()


def test_a_copy_of_before_does_not_open_with_the_key_of_after(
    drafts: Drafts, database: Database, clock: Clock
) -> None:
    validated(drafts)
    before = database.read(lambda session: session.scalars(select(StoredDraft.sealed)).one())
    clock.forward(days=1)
    drafts.purge("fanal")
    wrapped = database.read(lambda session: session.scalars(select(StoredDraftKey.wrapped)).one())
    with pytest.raises(InvalidToken):
        drafts._keyring.open(wrapped).decrypt(before)


def test_one_that_cannot_be_opened_holds_up_no_other(
    drafts: Drafts, database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = validated(drafts), validated(drafts)
    damaged = update(StoredDraft).where(StoredDraft.id == broken.id).values(sealed=b"gAAAAA")
    database.write(lambda session: session.execute(damaged))
    clock.forward(days=1)
    assert drafts.purge("fanal") == Purged(notes=1)
    assert broken.id in caplog.text
    left = drafts.get("alice", fine.id)
    assert left is not None
    assert left.content.notes_gone
    clock.forward(days=60)
    assert drafts.purge("fanal") == Purged(syntheses=2)


def test_many_go_at_once(drafts: Drafts, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.store.draft_purge.PURGED_AT_ONCE", 2)
    template = make_template(notes_days=40)
    for number in range(7):
        kept = keep_draft(drafts, f"owner{number}", template=template)
        if number % 2:
            drafts.validate(f"owner{number}", kept.id, "Iris Conseil", 1)
    clock.forward(days=40)
    assert drafts.purge("fanal") == Purged(drafts=4, notes=3)
    clock.forward(days=20)
    assert drafts.purge("fanal") == Purged(syntheses=3)


def test_nothing_of_what_was_purged_is_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    clock = Clock()
    with closing(open_database(f"sqlite:///{path}")) as database:
        drafts = Drafts(database, Keyring([Fernet.generate_key().decode()]), clock)
        kept = validated(drafts)
        sealed = database.read(lambda session: session.scalars(select(StoredDraft.sealed)).one())
        keys = database.read(lambda session: session.scalars(select(StoredDraftKey.wrapped)).one())
        clock.forward(days=1)
        drafts.purge("fanal")
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert sealed[-60:] not in held
        assert keys not in held
        clock.forward(days=60)
        drafts.purge("fanal")
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert all(secret.encode() not in held for secret in SECRETS)
        assert kept.id.encode() in held  # the audit says that it was, and that it is gone
