"""Draft without a model: each sentence of the notes goes, word for word, into the section that it fits best.

Numbered sentences and sections go in; the id of a section comes out for each sentence, or None. What decides, in this
order: the words that a section is made of (its hints first), a heading of the notes that names a section, the sentence
before, and an embedder for the few that are still undecided.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ingest.embed import Embedder, Vectors
from ingest.errors import EmbeddingFailed, SourceUnavailable
from ingest.text import fold, terms
from server.draft_schemas import NON_RENSEIGNE, DraftSection, DraftSentence, NoteQuote, TemplateSection
from server.drafting.instructions import INSTRUCTION, is_instruction
from server.notes import NumberedSentence
from server.placeholders import placeholders_of, without_placeholders

HINT, TITLE, ASKED, PHRASE, HELD = 3.0, 2.0, 1.0, 0.7, 0.7
"""What a word is worth in a section's hints, its title, its questions, a hint of several words, what it must hold."""

THEME = 1.2
"""What a word is worth that a section does not have, but whose theme is the section's."""

THEME_WORDS = 3
"""Words of a theme that make it wholly a section's."""

UNDER_HEADING = 4.0
"""What a heading that names a section adds to it, for the sentences below."""

FAR_FROM_HEADING = 1.5
"""What is left of that once a blank line has come between."""

SAME_PARAGRAPH = 1.2
"""What the section of the sentence before adds, in the same paragraph."""

IDENTIFYING_WORDS = 2
"""Most words of a line whose placeholders are all that it says."""

ENOUGH = 1.0
"""Least score that puts a sentence into a section."""

NAMED = 0.6
"""Least score of a heading for a section that it names."""

CLEAR = 0.5
"""Least lead over the next section; below, the embedder is asked."""

EMBEDDED = 16
"""Sentences that one draft asks the embedder about: some 25 ms each."""

NEARNESS = 40.0
"""What a cosine adds to a score, beyond the mean of all sections: those of E5 lie within a few hundredths."""

HEADING_WORDS = 7

_THEMES = (
    "poste emploi travail travaille contrat CDI CDD intérim mission salarié salaire employeur entreprise situation "
    "chômage inscrit vendeur caissier agent assistant chef équipe ouvrier aide stage apprenti ancienneté métier "
    "parcours carrière expérience",
    "diplôme bac BEP CAP BTS licence master brevet titre obtenu niveau étude école lycée scolarité certificat "
    "formation validé",
    "compétence sait maîtrise aise savoir logiciel bureautique tableur word excel langue anglais qualité atout "
    "point fort capable aptitude",
    "projet devenir souhaite envisage reconversion piste cible idée métier objectif motivé secteur évoluer vise",
    "action étape rendez-vous rdv contacter appeler envoyer demander vérifier déposer transmettre relancer caler "
    "inscrire prendre préparer échéance délai calendrier @date",
    "financement CPF PTP coût prix devis payer abondement aide argent @euro",
    "contrainte frein mobilité permis voiture véhicule bus transport kilomètre garde enfant horaire disponible "
    "difficulté obstacle logement",
    "temps heure soir matin lundi semaine disponible accompagnement écrit rédaction ordinateur organisation",
    "tâche activité faisait réalise toilette entretien accueil caisse gestion encadre forme anime responsable",
)
"""Words that notes use for the same thing; a section that has some of a theme's takes the others."""

_WISH = re.compile(r"\b(?:(?:souhait|voudr|aimer(?:ai|i))\w*|veut|veux|desire|envie|pret(?:e)? a)\b")
_DAY = re.compile(
    r"\b\d{1,2}(?:er)?\s(?:janv|fevr|mars|avril|mai|juin|juil|aout|sept|oct|nov|dec)\w*|\b\d{1,2}/\d{1,2}\b"
)
_MONEY = re.compile(r"€|\beuros?\b")
_HEADING_END = re.compile(r"\s*:\s*$")
_CAPITALS = re.compile(r"[^\W\d_]{5}")  # an acronym is no heading
_DIGIT = re.compile(r"\d")
_STOP = re.compile(r"[.!?…;,]$")


@dataclass(frozen=True, slots=True)
class Sorting:
    """Where each sentence goes.

    Args:
        places: the id of a section, or None, by number of sentence; headings that name a section are left out, their
            section says what they say.
    """

    places: Mapping[int, str | None]

    def of(self, section_id: str | None, sentences: Sequence[NumberedSentence]) -> list[NumberedSentence]:
        """Give those of `sentences` that go into a section, or into none, in the order of the notes."""
        return [
            one for one in sentences if one.number in self.places and self.places[one.number] == section_id
        ]


def sort_sentences(
    sentences: Sequence[NumberedSentence],
    sections: Sequence[TemplateSection],
    embedder: Embedder | None = None,
) -> Sorting:
    """Say which section each sentence goes into.

    Args:
        sections: those that rest on the notes.
        embedder: asked about at most `EMBEDDED` sentences; one that fails is done without.
    """
    if not sections:
        return Sorting({sentence.number: None for sentence in sentences})
    scorer = _Scorer(sections)
    reading = _Reading(scorer)
    for index, sentence in enumerate(sentences):
        if is_heading(sentences, index):
            reading.take_heading(sentence)
        else:
            reading.take(sentence)
    places, undecided = reading.places, reading.undecided
    if embedder is not None and undecided:
        hardest = sorted(undecided, key=lambda sentence: scorer.lead(undecided[sentence]))[:EMBEDDED]
        chosen = {sentence: undecided[sentence] for sentence in hardest}
        places |= {one.number: scorer.best(scores) for one, scores in _by_meaning(chosen, sections, embedder)}
    return Sorting(places)


class _Reading:
    """The notes while they are read from top to bottom: where their sentences go, and which are undecided."""

    def __init__(self, scorer: "_Scorer") -> None:
        self.places: dict[int, str | None] = {}
        self.undecided: dict[NumberedSentence, dict[str, float]] = {}
        self._scorer = scorer
        self._heading: str | None = None
        self._far = False
        """Whether a blank line has come since the heading."""
        self._before: str | None = None

    def take_heading(self, sentence: NumberedSentence) -> None:
        """Read a heading: one that only names a section is what its section's title says already."""
        self._heading = self._before = self._scorer.named(sentence.masked)
        self._far = False
        if self._heading is None or not self._scorer.only_names(self._heading, sentence.masked):
            self.places[sentence.number] = self._heading

    def take(self, sentence: NumberedSentence) -> None:
        """Read any other sentence."""
        scores = self._scorer.scores(sentence.masked)
        if only_identifies(sentence.masked) and self._scorer.best(scores) is None:
            self.places[sentence.number] = None
            return
        self._far = self._far or sentence.opens
        if self._heading:
            scores[self._heading] += FAR_FROM_HEADING if self._far else UNDER_HEADING
        if self._before and not sentence.opens:
            scores[self._before] += SAME_PARAGRAPH
        place = self.places[sentence.number] = self._scorer.best(scores)
        if self._scorer.lead(scores) < CLEAR:
            self.undecided[sentence] = scores
        self._before = place or self._before


def assembled(section: TemplateSection, sentences: Sequence[DraftSentence], between: str) -> DraftSection:
    """Make a section of its sentences; without any, it says that the notes say nothing for it."""
    text = between.join(sentence.text for sentence in sentences) or NON_RENSEIGNE
    return DraftSection(
        id=section.id,
        title=section.title,
        kind=section.kind,
        holds=section.holds,
        sentences=list(sentences),
        missing=not sentences,
        machine_text=text,
        text=text,
    )


def as_it_is(sentence: NumberedSentence) -> DraftSentence:
    """Make a sentence of a draft of a sentence of the notes, word for word."""
    quote = NoteQuote(sentence=sentence.number, quote=sentence.masked, start=0, end=len(sentence.masked))
    doubts = [INSTRUCTION] if is_instruction(sentence.masked) else []
    return DraftSentence(text=sentence.masked, verified=not doubts, sources=[quote], unsupported=doubts)


def words_of(text: str) -> frozenset[str]:
    """Give the words that tell what a sentence is about: its terms, and marks of a wish, a day or an amount."""
    bare = without_placeholders(text)
    folded = fold(bare)
    found = {term for term in terms(bare) if not term.isdigit()}
    if _WISH.search(folded):
        found.add("souhait")
    if _DAY.search(folded):
        found.add("@date")
    if _MONEY.search(folded):
        found.add("@euro")
    return frozenset(found)


def with_themes(words: frozenset[str]) -> frozenset[str]:
    """Add to words those that notes use for the same things."""
    return words.union(*(theme for theme in _themes() if theme & words))


@lru_cache(maxsize=1)
def _themes() -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(word for word in theme.split() if word.startswith("@")) | words_of(theme)
        for theme in _THEMES
    )


class _Scorer:
    """Scores sentences against sections by their words, each weighed by how few sections have it."""

    def __init__(self, sections: Sequence[TemplateSection]) -> None:
        self._sections = sections
        weighed = {section.id: _weights(section) for section in sections}
        held: dict[str, float] = defaultdict(float)
        for weights in weighed.values():
            for word, weight in weights.items():
                held[word] += min(1.0, weight / TITLE)
        rarity = {word: math.log((len(sections) + 1) / max(1.0, count)) for word, count in held.items()}
        scale = math.log(len(sections) + 1) or 1.0
        self._weights = {
            name: {word: weight * rarity[word] / scale for word, weight in weights.items()}
            for name, weights in weighed.items()
        }
        self._phrases = {
            section.id: [words for hint in section.hints if len(words := words_of(hint)) > 1]
            for section in sections
        }

    def scores(self, text: str) -> dict[str, float]:
        """Score one sentence against every section."""
        words = words_of(text)
        return {name: self._score(name, words) for name in self._weights}

    def _score(self, name: str, words: frozenset[str]) -> float:
        weights = self._weights[name]
        phrases = sum(phrase <= words for phrase in self._phrases[name])
        return sum(weights.get(word, 0.0) for word in words) + HINT * phrases

    def named(self, heading: str) -> str | None:
        """Give the section that a heading of the notes names, None when it names none of them clearly."""
        words = words_of(heading)
        scores = self.scores(heading)
        for section in self._sections:
            scores[section.id] += HINT * len(words & words_of(section.title)) / max(1, len(words))
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] >= NAMED else None

    def only_names(self, section_id: str, heading: str) -> bool:
        """Tell whether a heading says nothing beside its section, as "Emplois" and unlike "Vendeuse en caisse"."""
        if heading.isupper() or _HEADING_END.search(heading):
            return True
        section = next(one for one in self._sections if one.id == section_id)
        return words_of(heading) <= words_of(
            " ".join([section.title, section.holds, *section.questions, *section.hints])
        )

    def best(self, scores: Mapping[str, float]) -> str | None:
        """Give the section with the highest score, None when that is too low."""
        best = max(scores, key=lambda name: scores[name], default=None)
        return best if best is not None and scores[best] >= ENOUGH else None

    def lead(self, scores: Mapping[str, float]) -> float:
        """Give by how much the best score leads the next."""
        first, *others = sorted(scores.values(), reverse=True)
        return first - others[0] if others else math.inf


def _weights(section: TemplateSection) -> dict[str, float]:
    weights: dict[str, float] = {}
    parts = (
        (HELD, section.holds),
        (ASKED, " ".join(section.questions)),
        (TITLE, section.title),
        (HINT, " ".join(hint for hint in section.hints if len(words_of(hint)) == 1)),
        (PHRASE, " ".join(hint for hint in section.hints if len(words_of(hint)) > 1)),
    )
    for weight, text in parts:
        for word in words_of(text):
            weights[word] = max(weight, weights.get(word, 0.0))
    own = {word for word, weight in weights.items() if weight >= TITLE}
    for theme in _themes():
        affinity = min(1.0, len(own & theme) / THEME_WORDS)
        for word in theme:
            weights[word] = max(THEME * affinity, weights.get(word, 0.0))
    return {word: weight for word, weight in weights.items() if weight}


def is_heading(sentences: Sequence[NumberedSentence], index: int) -> bool:
    """Tell a heading: short, and in capitals, before a colon, or above the first line of a paragraph."""
    sentence = sentences[index]
    text = without_placeholders(sentence.masked)
    if not text or len(text.split()) > HEADING_WORDS:
        return False
    if _HEADING_END.search(text) or (text.isupper() and _CAPITALS.search(text) and not _DIGIT.search(text)):
        return True
    following = sentences[index + 1] if index + 1 < len(sentences) else None
    # A line with a date or a comma is one of a career ("2015-2017 préparateur de commandes, Intermarché").
    bare = sentence.opens and following is not None and not following.opens
    return bare and not _STOP.search(text) and not _DIGIT.search(text) and "," not in text


def only_identifies(text: str) -> bool:
    """Tell a line that only says who or where somebody is ("Tél [TELEPHONE_1]"): it follows no other into a section."""
    return bool(placeholders_of(text)) and len(words_of(text) - {"@date"}) <= IDENTIFYING_WORDS


def _by_meaning(
    undecided: Mapping[NumberedSentence, Mapping[str, float]],
    sections: Sequence[TemplateSection],
    embedder: Embedder,
) -> list[tuple[NumberedSentence, dict[str, float]]]:
    """Add to the scores of sentences what their meaning says; nothing when the embedder fails."""
    try:
        vectors = _section_vectors(embedder.passages, tuple(_meaning(section) for section in sections))
        found = []
        for sentence, scores in undecided.items():
            near = vectors @ embedder.query(without_placeholders(sentence.masked))
            gains = NEARNESS * (near - near.mean())
            added = zip(sections, gains, strict=True)
            found.append((sentence, {s.id: scores[s.id] + float(gain) for s, gain in added}))
    except (EmbeddingFailed, SourceUnavailable):
        return []
    return found


def _meaning(section: TemplateSection) -> str:
    return f"{section.title}. {section.holds} {' '.join(section.questions)}"


@lru_cache(maxsize=32)
def _section_vectors(embed: Callable[[Sequence[str]], Vectors], meanings: tuple[str, ...]) -> Vectors:
    return embed(meanings)
