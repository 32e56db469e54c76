"""An answer as plain text, to paste into a mail or a file: an exchange goes in, text with its sources comes out."""

from datetime import date

from ingest.documents import Standing
from server.schemas import Answer, Passage
from ui.cards import number_label, source_links, validity_sentence
from ui.consulted import DISPUTED, NEWER, OLDER
from ui.exchange import Exchange
from ui.statements import UNVERIFIED, References
from ui.trust import is_found, is_verified
from ui.wording import french, long_date

BROKEN_OFF = "Elle s’est arrêtée avant la fin : il peut manquer l’essentiel."


def copied_text(exchange: Exchange, refs: References, today: date) -> str:
    """Write the question, each statement with its numbers, the sources with their quotes, and what wrote it.

    What the page warns of goes along: where it is pasted, nothing else would tell.
    """
    parts = [_asked(exchange), _statements(exchange, refs), *_warnings(exchange, refs)]
    if refs.numbers:
        parts.append(
            "Sources\n" + "\n".join(_source(passage_id, exchange, refs) for passage_id in refs.numbers)
        )
    parts.append(_origin(exchange.answer, today))
    return french("\n\n".join(parts)) + "\n"


def _asked(exchange: Exchange) -> str:
    lines = [f"Question : {exchange.request.question}"]
    if exchange.standalone_question:
        lines.append(f"Question comprise : {exchange.standalone_question}")
    lines.append(f"À la date du {long_date(exchange.day)}")
    return "\n".join(lines)


def _statements(exchange: Exchange, refs: References) -> str:
    lines = []
    for statement in exchange.statements:
        cited = dict.fromkeys(citation.passage_id for citation in statement.citations)
        numbers = "".join(f" [{refs.numbers[id_]}]" for id_ in cited if id_ in refs.numbers)
        doubt = "" if is_verified(statement, refs.passages) else f" ({UNVERIFIED.lower()})"
        lines.append(f"- {statement.text}{numbers}{doubt}")
    title = "Réponse" if exchange.answer is not None else f"Réponse incomplète\n{BROKEN_OFF}"
    return f"{title}\n" + "\n".join(lines)


def _warnings(exchange: Exchange, refs: References) -> list[str]:
    """Give the answer's warnings and its conflicts, under a title of their own."""
    lines = [f"- {warning}" for warning in (exchange.answer.warnings if exchange.answer else ())]
    for conflict in exchange.conflicts:
        lines.append(f"- {DISPUTED} : {conflict.explanation}")
        for word, passage_id in ((NEWER, conflict.newer), (OLDER, conflict.older)):
            lines.append(f"    {word} : {_named(passage_id, refs)}")
    return ["À savoir\n" + "\n".join(lines)] if lines else []


def _named(passage_id: str, refs: References) -> str:
    number = f"[{refs.numbers[passage_id]}] " if passage_id in refs.numbers else ""
    return number + ", ".join(_facts(refs.passages[passage_id], refs.day))


def _source(passage_id: str, exchange: Exchange, refs: References) -> str:
    quotes = dict.fromkeys(
        " ".join(citation.quote.split())
        for statement in exchange.statements
        for citation in statement.citations
        if citation.passage_id == passage_id and is_found(citation, refs.passages)
    )
    lines = [_named(passage_id, refs)]
    lines += [f"    « {quote} »" for quote in quotes]
    lines += [f"    {url}" for _, url in source_links(refs.passages[passage_id], refs.links_base)]
    return "\n".join(lines)


def _facts(passage: Passage, day: date) -> list[str]:
    facts = [passage.title]
    if passage.number and passage.number not in passage.title:
        facts.append(number_label(passage.number))
    if passage.page is not None:
        facts.append(f"page {passage.page}")
    standing, dates = passage.validity.standing(day), validity_sentence(passage, day)
    if standing is not Standing.HOLDS:
        facts.append(standing)
    facts.append(dates[0].lower() + dates[1:])
    return facts


def _origin(answer: Answer | None, today: date) -> str:
    if answer is None:  # only a whole answer tells what wrote it
        writer = "et interrompue, peut-être rédigée avec une intelligence artificielle"
    elif answer.mode == "extractive":
        writer = "sans modèle de langage, à partir des phrases des documents"
    else:
        model = ", ".join(filter(None, (answer.model, answer.model_label)))
        writer = f"avec une intelligence artificielle (modèle {model})"
    return f"Réponse établie par Fanal le {long_date(today)} {writer} ; à vérifier avant usage."
