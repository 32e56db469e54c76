"""What a lost right takes away from a draft: its advice, and its validation until that is rewritten."""

from datetime import timedelta

from server.drafting.service import NOT_ALL_SHOWN
from server.drafting.view import LOST, WITHHELD_SECTION
from server.history import WITHHELD
from tests.desk import kept, patch, validate, view
from tests.office import OPEN, RESERVED, Office, refused

pytest_plugins = ["tests.office_fixtures", "tests.desk_fixtures"]


def test_a_lost_right_takes_the_advice_away_and_a_right_that_comes_back_gives_it(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    before = view(desk, draft.id)
    desk.sits("alice")
    seen = view(desk, draft.id)
    advice = seen.sections[1]
    assert (advice.text, advice.machine_text) == (WITHHELD_SECTION, WITHHELD_SECTION)
    assert [sentence.text for sentence in advice.sentences] == [OPEN, WITHHELD]
    assert [passage.text for passage in seen.passages] == [OPEN]
    assert seen.warnings[-1] == LOST
    assert seen.sections[0] == before.sections[0]
    assert RESERVED not in desk.client.get(f"/v1/drafts/{draft.id}").text
    desk.sits("alice", "direction")
    assert view(desk, draft.id) == before


def test_what_is_withheld_is_neither_validated_nor_exported_nor_overwritten(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    validate(desk, draft.id)
    desk.sits("alice")
    assert refused(desk.client.get(f"/v1/drafts/{draft.id}/export"), 409) == NOT_ALL_SHOWN
    assert refused(validate(desk, draft.id), 409) == NOT_ALL_SHOWN
    patch(desk, draft.id, projet="Autre.", conseils=WITHHELD_SECTION)  # as a page that sends all back
    desk.sits("alice", "direction")
    assert RESERVED in view(desk, draft.id).sections[1].text


def test_a_part_that_was_rewritten_unseen_is_shown_and_the_machine_s_is_not(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    desk.sits("alice")
    patch(desk, draft.id, conseils="Voir avec le financeur.")
    seen = view(desk, draft.id).sections[1]
    assert (seen.text, seen.machine_text, seen.diff) == ("Voir avec le financeur.", WITHHELD_SECTION, [])
    assert validate(desk, draft.id).status_code == 200
    assert desk.client.get(f"/v1/drafts/{draft.id}/export").status_code == 200


def test_rights_are_judged_once_the_notes_are_gone_too(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    validate(desk, draft.id)
    drafts = desk.parts.drafts
    now = drafts._clock
    drafts._clock = lambda: now() + timedelta(days=2)
    try:
        drafts.purge("fanal")
    finally:
        drafts._clock = now
    seen = view(desk, draft.id)
    assert seen.notes == []
    assert RESERVED in seen.sections[1].text
    desk.sits("alice")
    assert view(desk, draft.id).sections[1].text == WITHHELD_SECTION
    assert RESERVED not in desk.client.get(f"/v1/drafts/{draft.id}").text
