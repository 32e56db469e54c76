"""What stands for a model in an assistant: sentences of the inputs and questions of the file go in, sections come out.

Every sentence that comes out is one of the inputs, word for word or with a word left out, and says which; or a
question of the file's own bank. Nothing is judged, and nothing is made up.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from ingest.text import fold, terms
from server.assisting.assistants import BankQuestion, Rule
from server.draft_schemas import DraftSentence
from server.drafting.sort import as_it_is
from server.figures import find_figures
from server.notes import NumberedSentence
from server.numbers import WORDS
from server.placeholders import placeholders_of, without_placeholders

_DURATION = r"(?:jours?|semaines?|mois|ans?|heures?)"
_MONTHS = "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
_RULES: dict[Rule, re.Pattern[str]] = {
    "dates": re.compile(
        rf"\b\d{{1,2}}(?:er)? (?:{_MONTHS})\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|\b(?:{_MONTHS}) \d{{4}}\b"
        rf"|\b(?:delais?|sous|dans les?|avant|d'ici|pendant|au plus tard|duree)\b[^.;]{{0,60}}\b{_DURATION}\b"
        rf"|\b(?:\d+|{fold(WORDS)}) {_DURATION}\b|\bau plus tard\b|\bsans delai\b"
    ),
    "montants": re.compile(r"\d\s?(?:€|eur\b|euros?\b|%)|\beuros?\b"),
    "obligations": re.compile(
        r"\bdevez\b|\bdevrez\b|\bvous (?:appartient|incombe|est demande|engagez)\b|\bveuillez\b|\bmerci de\b"
        r"|\bprier? de\b|\bprie\b[^.;]{0,20}\bde (?:me |nous |bien )"
        r"|\b(?:nous|je) vous (?:demand|invit|rappel)\w+|\bobligatoire\w*|\bobligation\w*|\bsous peine\b|\ba defaut\b"
        r"|\best tenue?\b|\betes tenue?\b|\bfaute de\b|\bdoi(?:t|vent)\b"
    ),
    "recours": re.compile(
        r"\brecours\b|\bcontest\w+|\breclamation\b|\bmediat(?:eur|rice)\b|\btribunal\b|\bfaire appel\b"
        rf"|\bdelai de\b[^.;]{{0,40}}\b{_DURATION}\b"
    ),
}
"""Looked for in the text without accents."""

COVERED = 0.5
"""Share of a sentence's words that the other text has, from which it is held to speak of the same thing."""

Coverage = Literal["acquis", "partiels", "manques"]

_OFFER_WORDS = frozenset(
    terms(
        "maîtrise maîtriser connaissance connaissances connaître compétence compétences expérience "
        "capacité capable savoir sachant sens bon bonne bonnes requis requise exigé exigée exiger "
        "souhaité souhaitée souhaitable demandé demandée nécessaire indispensable obligatoire apprécié "
        "atout utilisation utiliser outil outils logiciel logiciels niveau poste profil recherché "
        "recherchons candidat candidate pratique usage courant courante aisance idéalement minimum "
        "titulaire devoir devez"
    )
)
"""Words of any offer, which name no skill."""

_LABELLED = re.compile(
    r"(?:intitule(?: du poste)?|poste(?: a pourvoir)?|metier|offre|lieu(?: de travail)?|(?:type de )?contrat|salaire"
    r"|remuneration|horaires?|date\w*(?: \w+){0,2}|employeur|entreprise|duree|reference|secteur|temps de travail)\s*:"
)
_ENDS_AS_HEADING = re.compile(r":\s*$")

QUIZ_CHARS = (40, 320)
"""Shortest and longest sentence, in characters, that makes a question."""

BLANK = "……"
ANSWER = "Réponse :"
"""What stands before the answer of a question of a quiz."""

_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_LONG_WORD = 8
_TURN = re.compile(r"^\s*(?P<who>question|recruteur|recruteuse|r[ée]ponse|candidate?)\s*:\s*", re.IGNORECASE)


def picked(rule: Rule, sentences: Sequence[NumberedSentence]) -> list[DraftSentence]:
    """Pick the sentences that hold a date or a delay, an amount, or an obligation."""
    return [as_it_is(one) for one in sentences if _RULES[rule].search(fold(one.masked))]


def compared(
    wanted: Sequence[NumberedSentence], held: Sequence[NumberedSentence], coverage: Coverage
) -> list[DraftSentence]:
    """Pick the sentences of `wanted` whose words `held` has for the most part, has some of, or has none of.

    Words are not skills: a reader judges whether what is asked for in other words is there. Headings, and lines that
    describe the post, ask for nothing.
    """
    known = {term for one in held for term in _subject(one.masked)}
    found = []
    for sentence in wanted:
        words = _subject(sentence.masked) - _OFFER_WORDS
        if words and not _is_label(sentence.masked) and _coverage(words, known) == coverage:
            found.append(as_it_is(sentence))
    return found


def _coverage(words: AbstractSet[str], known: AbstractSet[str]) -> Coverage:
    shared = len(words & known) / len(words)
    return "acquis" if shared >= COVERED else "partiels" if shared else "manques"


def _is_label(text: str) -> bool:
    folded = fold(text).strip()
    return bool(_LABELLED.match(folded) or _ENDS_AS_HEADING.search(folded))


def bank_questions(
    bank: Sequence[BankQuestion], sentences: Sequence[NumberedSentence]
) -> Iterator[tuple[BankQuestion, NumberedSentence | None]]:
    """Give each question of the bank with the first sentence that speaks of it already, if one does."""
    words = [(one, set(terms(one.masked))) for one in sentences]
    for question in bank:
        hints = [set(terms(hint)) for hint in question.hints]
        spoken = (one for one, said in words if any(hint and hint <= said for hint in hints))
        yield question, next(spoken, None)


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a simulated interview; `sentence` is where it begins in the dialogue."""

    is_answer: bool
    text: str
    sentence: NumberedSentence


def turns_of(dialogue: Sequence[NumberedSentence]) -> list[Turn]:
    """Read the turns of a dialogue: each begins with "Question :" or "Réponse :"."""
    turns: list[Turn] = []
    for sentence in dialogue:
        begins = _TURN.match(sentence.masked)
        if begins:
            is_answer = fold(begins["who"]).startswith(("reponse", "candidat"))
            turns.append(Turn(is_answer, sentence.masked[begins.end() :], sentence))
        elif turns:
            last = turns[-1]
            turns[-1] = Turn(last.is_answer, f"{last.text} {sentence.masked}", last.sentence)
    return turns


def next_question(bank: Sequence[BankQuestion], dialogue: Sequence[NumberedSentence]) -> str | None:
    """Give the question of the bank that comes after those answered; None when all were."""
    answered = sum(turn.is_answer for turn in turns_of(dialogue))
    return bank[answered].text if answered < len(bank) else None


def remarks(dialogue: Sequence[NumberedSentence]) -> list[DraftSentence]:
    """Say of each answer what can be counted: its words, and whether it holds a figure or a date."""
    said = []
    answers = [turn for turn in turns_of(dialogue) if turn.is_answer]
    for number, answer in enumerate(answers, start=1):
        words = len(without_placeholders(answer.text).split())
        fact = "avec un chiffre ou une date" if find_figures(answer.text) else "sans chiffre ni date"
        text = f"Réponse {number} : {words} mot{'s' if words > 1 else ''}, {fact}."
        said.append(DraftSentence(text=text, verified=True, sources=as_it_is(answer.sentence).sources))
    return said


def quiz(sentences: Sequence[NumberedSentence], count: int) -> list[DraftSentence]:
    """Make questions with a blank from the sentences that hold a figure or a long word, spread over the text."""
    candidates = [found for one in sentences if (found := _blanked(one)) is not None]
    figures = [found for found in candidates if found[1]]
    chosen = _spread(figures, count)
    chosen += _spread([found for found in candidates if not found[1]], count - len(chosen))
    return [question for question, _ in sorted(chosen, key=lambda one: one[0].sources[0].sentence)]


def _blanked(sentence: NumberedSentence) -> tuple[DraftSentence, bool] | None:
    text = sentence.masked
    if not QUIZ_CHARS[0] <= len(text) <= QUIZ_CHARS[1] or len(text.split()) < 6:
        return None
    place = _figure_place(text)
    has_figure = place is not None
    start, end = place or _word_place(text) or (0, 0)
    if start == end:
        return None
    asked = f"{text[:start]}{BLANK}{text[end:]}\n{ANSWER} {text[start:end]}"
    return DraftSentence(text=asked, verified=True, sources=as_it_is(sentence).sources), has_figure


def _figure_place(text: str) -> tuple[int, int] | None:
    hidden = placeholders_of(text)
    places = ((figure.start, figure.end) for figure in find_figures(text))
    return next((place for place in places if text[slice(*place)] not in hidden), None)


def _word_place(text: str) -> tuple[int, int] | None:
    """Find the longest word after the first one, outside the placeholders."""
    bare = re.sub(r"\[[A-Z_]+_\d+\]", lambda match: " " * len(match[0]), text)
    words = [match.span() for match in _WORD.finditer(bare)][1:]
    longest = max(words, key=lambda span: span[1] - span[0], default=(0, 0))
    return longest if longest[1] - longest[0] >= _LONG_WORD else None


def _spread(found: Sequence[tuple[DraftSentence, bool]], count: int) -> list[tuple[DraftSentence, bool]]:
    if count <= 0 or not found:
        return []
    step = max(1.0, len(found) / count)
    return [found[int(index * step)] for index in range(min(count, len(found)))]


def _subject(text: str) -> frozenset[str]:
    return frozenset(term for term in terms(without_placeholders(text)) if not term.isdigit())
