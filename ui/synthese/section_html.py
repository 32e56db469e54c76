"""A section of a draft as HTML: its sentences with what they rest on, the notes beside them, and what was changed.

In: wire types. Out: strings of HTML, with everything that comes from the server escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from server.draft_schemas import NON_RENSEIGNE, DiffPart, DraftSection, DraftSentence, NoteQuote, NoteSentence
from server.schemas import Statement
from ui.actions import action_attribute
from ui.statements import UNVERIFIED, References, marked_figures, statement_html
from ui.wording import counted, french

NO_SOURCE = "aucune phrase des notes n’appuie cette phrase mot pour mot."
PARTLY = "une citation de cette phrase n’a pas été retrouvée dans les notes."
MISSING = "Les notes ne disent rien pour cette rubrique."
UNSORTED = "Le tri n’a rien rangé ici : vérifiez vos notes."
"""Without a model, that no sentence was sorted into a section does not tell that the notes say nothing for it."""

Notes = Mapping[int, NoteSentence]


def by_number(notes: Iterable[NoteSentence]) -> dict[int, NoteSentence]:
    """Give the sentences of the notes by their number."""
    return {note.number: note for note in notes}


def is_quoted(quote: NoteQuote, notes: Notes) -> bool:
    """Tell whether a quote stands in the sentence of the notes that it names, at its offsets."""
    note = notes.get(quote.sentence)
    return note is not None and bool(quote.quote) and note.masked[quote.start : quote.end] == quote.quote


def is_supported(sentence: DraftSentence, notes: Notes) -> bool:
    """Tell whether a sentence may look verified: the page checks again what the server has checked.

    Once the notes were deleted, as the law asks, there is nothing to check against but the server's own word.
    """
    vouched = sentence.verified and not sentence.unsupported and bool(sentence.sources)
    return vouched and (not notes or all(is_quoted(quote, notes) for quote in sentence.sources))


def unverified(section: DraftSection, notes: Notes, refs: References) -> int:
    """Count the sentences of a section that nothing vouches for."""
    if section.kind == "advice":
        return sum(
            not (sentence.verified and sentence.citations)
            or any(cited.passage_id not in refs.passages for cited in sentence.citations)
            for sentence in section.sentences
        )
    return sum(not is_supported(sentence, notes) for sentence in section.sentences)


def sentences_html(section: DraftSection, notes: Notes, refs: References) -> str:
    """Give the sentences as they were drafted, each with what it rests on."""
    if section.kind == "advice":
        return "".join(
            statement_html(position, as_statement(sentence), refs)
            for position, sentence in enumerate(section.sentences, start=1)
        )
    return "".join(_sentence(section.id, sentence, notes) for sentence in section.sentences)


def as_statement(sentence: DraftSentence) -> Statement:
    """Give a sentence that cites the index as one of an answer, which looks and opens alike."""
    return Statement(
        text=sentence.text,
        verified=sentence.verified,
        citations=sentence.citations,
        unsupported=sentence.unsupported,
    )


def _sentence(section_id: str, sentence: DraftSentence, notes: Notes) -> str:
    verified = is_supported(sentence, notes)
    numbers = cited_numbers([sentence])
    names = " ".join(note_name(section_id, number) for number in numbers)
    chips = "".join(
        f'<button type="button" class="fanal-cite" data-testid="source"'
        f" {action_attribute('note', note_name(section_id, number))}"
        f' aria-label="Voir la phrase {number} des notes">{number}</button>'
        for number in numbers
    )
    doubt = "" if verified else _doubt(sentence)
    return (
        f'<div class="fanal-statement fanal-sentence" data-testid="sentence" data-verified="{str(verified).lower()}"'
        f' data-fanal-sources="{escape(names)}" lang="fr">'
        f"<p>{marked_figures(sentence.text, sentence.unsupported)}{chips}</p>{doubt}</div>"
    )


def _doubt(sentence: DraftSentence) -> str:
    if sentence.unsupported:
        words = ", ".join(f"« {escape(word)} »" for word in sentence.unsupported)
        is_one = len(sentence.unsupported) == 1
        reason = f"{words} {'n’est' if is_one else 'ne sont'} pas dans les phrases citées."
    else:
        reason = PARTLY if sentence.sources else NO_SOURCE
    return (
        '<p class="fanal-unverified" data-testid="unverified">'
        f"<strong>{french(UNVERIFIED + ' :')}</strong> {french(reason)} À contrôler avec vos notes.</p>"
    )


def cited_numbers(sentences: Iterable[DraftSentence]) -> list[int]:
    """Give the numbers of the notes' sentences that these rest on, in the order of the notes."""
    return sorted({quote.sentence for sentence in sentences for quote in sentence.sources})


def note_name(section_id: str, number: int) -> str:
    """Name a sentence of the notes beside a section; an element's id."""
    return f"note-{section_id}-{number}"


def notes_html(section_id: str, numbers: Sequence[int], notes: Notes) -> str:
    """Give sentences of the notes with their numbers, as they were typed."""
    items = "".join(
        f'<li id="{escape(note_name(section_id, number))}" tabindex="-1" data-testid="note">'
        f'<span class="fanal-note-number">{number}</span> <span dir="auto">{escape(notes[number].text)}</span></li>'
        for number in numbers
        if number in notes
    )
    return (
        f'<ol class="fanal-note-list" aria-label="Phrases des notes" lang="fr">{items}</ol>' if items else ""
    )


def missing_html(section: DraftSection, why: str = MISSING) -> str:
    """Say that there is nothing to say, where it would be said.

    Args:
        why: nothing comes from the notes, in French.
    """
    said = why if section.kind == "notes" else "Aucun passage des documents ne convient à cette rubrique."
    return (
        '<p class="fanal-missing" data-testid="missing" lang="fr">'
        f"<strong>{NON_RENSEIGNE.capitalize()}</strong> {french(said)}</p>"
    )


def preview_html(section: DraftSection) -> str:
    """Give a section while the others are still being written."""
    count = counted(len(section.sentences), "phrase", "phrases")
    doubtful = sum(not sentence.verified for sentence in section.sentences)
    doubt = f" dont {counted(doubtful, 'non vérifiée', 'non vérifiées')}" if doubtful else ""
    about = NON_RENSEIGNE if section.missing else f"{count}{doubt}"
    return (
        f'<div class="fanal-preview" data-testid="section-written" lang="fr"><h3>{escape(section.title)}'
        f' <small>{about}</small></h3><p dir="auto">{escape(section.text)}</p></div>'
    )


def diff_html(section: DraftSection) -> str:
    """Give what a person took out of the machine's text and put into it; signs say so, not colours alone."""
    pieces = "".join(_piece(part) for part in section.diff)
    return (
        f'<div class="fanal-diff" data-testid="diff" lang="fr"><h3>{escape(section.title)}</h3>'
        f'<p dir="auto">{pieces}</p></div>'
    )


def _piece(part: DiffPart) -> str:
    text = escape(part.text).replace("\n", "<br>")
    match part.op:
        case "added":
            return f'<ins><span class="fanal-said">ajouté : </span>{text}</ins>'
        case "removed":
            return f'<del><span class="fanal-said">retiré : </span>{text}</del>'
        case _:
            return text


def is_changed(section: DraftSection) -> bool:
    """Tell whether a person changed what the machine wrote."""
    return section.text != section.machine_text
