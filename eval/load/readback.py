"""What must still be there: what was acknowledged goes in; what the server no longer gives, or has changed, comes out.

Everything is read through the API, as its owner would.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from eval.load.records import Acknowledged


async def lost(url: str, acknowledged: Acknowledged) -> list[str]:
    """List what is missing, a line each; empty when nothing is lost.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    found: list[str] = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for conversation, answers in acknowledged.answers.items():
            feedback = {
                answer: kept for (of, answer), kept in acknowledged.feedback.items() if of == conversation
            }
            found += await _lost_of_conversation(client, conversation, answers, feedback)
        for draft, sections in acknowledged.drafts.items():
            view = await _read(client, f"/v1/drafts/{draft}")
            if view is None:
                found.append(f"draft {draft}")
            elif len(view["sections"]) != sections:
                found.append(f"draft {draft}: {len(view['sections'])} sections of {sections}")
    return found


async def _lost_of_conversation(
    client: httpx.AsyncClient,
    conversation: str,
    answers: list[str],
    feedback: Mapping[str, tuple[bool, str]],
) -> list[str]:
    view = await _read(client, f"/v1/conversations/{conversation}")
    if view is None:
        return [f"conversation {conversation}, {len(answers)} answers and {len(feedback)} feedback with it"]
    turns = {turn["answer"]["id"]: turn["feedback"] or {} for turn in view["turns"]}
    gone = [f"answer {answer} of conversation {conversation}" for answer in answers if answer not in turns]
    changed = [
        f"feedback on answer {answer}"
        for answer, kept in feedback.items()
        if (turns.get(answer, {}).get("useful"), turns.get(answer, {}).get("comment")) != kept
    ]
    return [*gone, *changed]


async def _read(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    return response.raise_for_status().json()
