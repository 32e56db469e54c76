"""What a chat client sends, read as a question and its history, or refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from server import openai_face
from server.conversation import Turn
from server.converse import TURNS
from server.followup import CarryingRewriter
from server.openai_face import MODEL, Asked, ChatRefused
from server.openai_schemas import ChatRequest
from server.schemas import MAX_QUESTION_CHARS
from tests.masking import shipped_masker

QUESTION = "Combien d’heures dure un bilan de compétences ?"


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def read(request: ChatRequest) -> Asked:
    return openai_face.read(request, shipped_masker())


def refused(**body: Any) -> ChatRefused:
    request = ChatRequest.model_validate({"model": MODEL, "messages": [user(QUESTION)], **body})
    with pytest.raises(ChatRefused) as caught:
        read(request)
    return caught.value


def said(content: str) -> dict[str, str]:
    return {"role": "assistant", "content": content}


def test_the_same_placeholder_never_stands_for_two_values_of_the_history() -> None:
    messages = [user("Et lea@exemple.fr ?"), user("Et paul@exemple.fr ?"), user(QUESTION)]
    asked = read(ChatRequest.model_validate({"model": MODEL, "messages": messages}))
    assert [turn.question for turn in asked.history] == ["Et [EMAIL_1] ?", "Et [EMAIL_2] ?"]
    assert asked.restore == {"[EMAIL_1]": "lea@exemple.fr", "[EMAIL_2]": "paul@exemple.fr"}


def test_tools_that_may_be_used_are_left_aside_and_forced_ones_refused() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    body = {"model": MODEL, "messages": [user(QUESTION)], "tools": [tool], "tool_choice": "auto"}
    assert read(ChatRequest.model_validate(body)).question.question == QUESTION
    assert refused(tools=[tool], tool_choice="required").param == "tool_choice"
    assert refused(tools=[tool], tool_choice={"type": "function"}).param == "tool_choice"


def test_an_image_is_refused_in_the_question_only() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    assert "que du texte" in str(refused(messages=[user([{"type": "text", "text": QUESTION}, picture])]))
    asked = read(ChatRequest.model_validate({"model": MODEL, "messages": [user([picture]), user(QUESTION)]}))
    assert asked.history == [Turn("", "")]


@pytest.mark.parametrize(
    "chore",
    [
        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.",
        "Provide a concise, 5-word-or-less title for the conversation, using title case conventions.",
        "Please generate a concise, 5-word-or-less title for the conversation.",
    ],
)
def test_what_a_client_asks_behind_the_person_s_back_is_refused(chore: str) -> None:
    assert refused(messages=[user(chore)]).code == "unsupported_task"


def test_only_the_last_turns_count_and_a_reply_after_the_question_does_not() -> None:
    messages = [
        message for n in range(20) for message in (user(f"Question {n} ?"), said(f"Réponse {n}. [1]"))
    ]
    asked = read(ChatRequest.model_validate({"model": MODEL, "messages": messages}))
    assert asked.question.question == "Question 19 ?"
    assert [turn.question for turn in asked.history] == [f"Question {n} ?" for n in range(13, 19)]
    assert asked.history[-1].answer == "Réponse 18."


def history_of(*messages: Any) -> list[Turn]:
    body = {"model": MODEL, "messages": [*messages, user("Et pour un salarié ?")]}
    return read(ChatRequest.model_validate(body)).history


def test_personal_data_at_the_end_of_what_is_read_of_a_message_is_not_cut_open() -> None:
    text = "x " * (MAX_QUESTION_CHARS // 2 - 6) + "Tel 06 12 34 56 78"
    assert history_of(user(text))[0].question.endswith("Tel [TELEPHONE_1]")
    assert history_of(user(QUESTION), said(f"{text} [1]"))[0].answer.endswith("Tel [TELEPHONE_1]")


def test_a_message_of_any_length_gives_a_turn_of_a_bounded_one() -> None:
    turn = history_of(user("mot " * 100_000), said("mot " * 100_000 + "[1]"))[0]
    assert len(turn.question) == len(turn.answer) == MAX_QUESTION_CHARS


async def test_a_thank_you_is_not_what_a_follow_up_hangs_on() -> None:
    asked = [message for _ in range(TURNS) for message in (user("Merci !"), said("Avec plaisir. [1]"))]
    history = history_of(user(QUESTION), said("Vingt-quatre. [1]"), *asked)
    assert history == [Turn(QUESTION, "Vingt-quatre.")]
    carried = await CarryingRewriter().standalone("Et pour un salarié ?", history)
    assert carried == f"{QUESTION} — et pour un salarié ?"


HALF = "\ud800"


@pytest.mark.parametrize(
    "body",
    [{"model": HALF}, {"messages": [user(HALF), user(QUESTION)]}, {"messages": [user([{"text": HALF}])]}],
)
def test_a_half_of_a_character_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="unicode"):
        ChatRequest.model_validate({"model": MODEL, "messages": [user(QUESTION)], **body})
