"""Follow-ups: a question and the turns before it go in, a question that stands alone comes out.

`CarryingRewriter` carries the previous question's terms, without a model; `ModelRewriter` asks a model, and
leaves the floor to the first when it fails. Both see masked text only, and show the advisor what they made of it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ValidationError

from ingest.text import article_numbers, fold, terms
from server.answer_parser import read_object
from server.contrasts import substituted
from server.conversation import Turn
from server.errors import ModelError
from server.guard import is_foreign, leaks
from server.llm import Limits, Usage, complete_text, ignore_usage
from server.prompts import followup as prompt

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FULL_TERMS = 5
FULL_CLAUSE_TERMS = 4
"""From this many informative terms on, a question says what it is about, whatever it begins with: less are needed
when it has a question word or a verb of its own."""

JOINT = " — "
"""Between the question that is carried and the one that follows it."""

MAX_STANDALONE_CHARS = 400
REWRITE_LIMITS = Limits(max_tokens=150, total_s=5.0)
"""The advisor waits for the rewriting before anything else is done."""

_FRAME_WORDS = (
    "condition règle modalité démarche procédure délai durée montant possible combien temps personne question "
    "savoir droit obligation obligatoire cas prix tarif coût coûter jour mois an semaine heure date maximum "
    "minimum fois valable payer payé paie gratuit durer plafond pièce formulaire document justificatif recours "
    "refus refuser réponse signer accord accepter contester renouveler annuler reporter conserver prévenir demander "
    "fournir répondre décider fin début après suite exception autre exemple préciser détail pareil différence "
    "nombre limite bout partir prendre prend mettre met valoir vaut compter compte envoyer adresser remettre"
)
"""Words that say what is asked, not about what: alone, they hang on the question before."""

_POLITE = (
    r"ok(?:ay)?|d[’']accord|merci(?: beaucoup| bien)?|super|parfait|g[ée]nial|tr[èe]s bien|bien|bon|bonjour|bonsoir"
    r"|alors|donc|ah|oh|euh|hum|oui|entendu|compris|(?:c[’']est )?not[ée]|je vois"
)
"""Words before a follow-up that are no part of it."""

_CONTINUES = re.compile(
    r"\W*(?:et|meme (?:question|chose)|idem|pareil|sinon|ou bien|dans ces? cas|a l'inverse|au contraire|mais"
    r"|c'est tout(?= ?\?))\b"
)
_OPENER = re.compile(
    r"^\W*(?:(?:et|mais|sinon|alors|ou bien|donc)\b[\s,]*)*(?:(?:la )?m[êe]me (?:question|chose)|idem|pareil)?[\s,]*",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    rf"\W*(?:(?:{_POLITE})\b(?:\s*[,.;:!…]+\s*|\s+(?=(?:et|mais|sinon|idem|m[êe]me|{_POLITE})\b)))+",
    re.IGNORECASE,
)
_CHANGES_SUBJECT = re.compile(
    r"\W*(?:et sinon|mais)\b[\s,]*(?:combien|quel(?:le)?s?|qui|qu'est-ce|comment|quand|ou|pourquoi)\b"
)
_CONDITION = re.compile(r"\b(?:si|s'il|en cas|lorsqu|quand)\b")
_POINTS_BACK = re.compile(
    r"\b(?:dans (?:ce|ces|cette) (?:cas|hypothese|situation)s?|a ce sujet|a ce propos|de plus|en plus|pour cela|pour ca"
    r"|celui-ci|celle-ci|ceux-ci|celles-ci|celui-la|celle-la|ce dernier|cette derniere|ci-dessus|precedente?s?)\b"
)
_DEMONSTRATIVE = re.compile(r"\b(?:ce|cet|cette|ces)\s+(\w{3,})")
_TIMES = frozenset(
    "jour jours mois annee annees semaine semaines matin soir midi week heure moment type genre".split()
)
_PRONOUN = re.compile(
    r"(?:^|\b(?:est-ce qu|qu|lorsqu|quand|si|s|et|que|combien|comment|ou)[ '])\W*(?:ils?|elles?)\b"
    r"|-(?:t-)?(?:elles?|ils?)\b"
    r"|(?:^\W*|, )(?:et )?qui (?:l'|la |le |les |en |y )\w+"
    r"|\b(?:comment|ou|quand|pourquoi|combien|peut-on|doit-on|faut-il|puis-je|dois-je)\s"
    r"(?:(?:peut-on|doit-on|faut-il|puis-je|dois-je)\s)?(?:l'|la |le |les |en |y )\w+(?:er|ir|re)\b"
)
_ANTECEDENT = re.compile(
    r"\b(?:(?:une?|les?|la|du|des|aux?|mon|ma|mes|son|sa|ses|notre|nos|votre|vos|leurs?|tout|toute|chaque|quel|quelle)\s"
    r"|[ld]')\w{3,}|\bquelqu'un\b"
)
_IMPERSONAL = re.compile(
    r"\b(?:faut-il|y a-t-il|a-t-il lieu|existe-t-il|suffit-il|reste-t-il|manque-t-il|peut-il y avoir|fera-t-il"
    r"|fait-il|il y a|il faut|il fait|il existe|il suffit|il manque|il reste"
    r"|est-il (?:vrai|possible|obligatoire|necessaire|utile)|s'il (?:y|faut|manque|reste|existe))\b"
)
_ELLIPSIS = re.compile(
    r"\W*(?:pour|a|au|aux|en|dans|chez|avec|sans|apres|avant|depuis|au-dela|si|s'il|pendant|hors|a partir|jusqu"
    r"|sur|par)\b"
)
_ASKS = re.compile(
    r"\b(?:combien|quel(?:le)?s?|qui|quoi|que|qu|comment|quand|ou|pourquoi|lequel|laquelle)\b|-(?:t-)?(?:il|elle|on|je|nous)s?\b|\best-ce\b"
)
_FIGURE = re.compile(r"\[[A-Z_]+_\d+\]|\d+(?:[.,]\d+)?")
_LINK = re.compile(r"://|\bwww\.|\]\(", re.IGNORECASE)


class Rewriter(Protocol):
    """Writes follow-ups as questions that stand alone."""

    async def standalone(self, question: str, history: Sequence[Turn]) -> str | None:
        """Give the question with what it owes to the turns before it; None when it stands alone.

        Args:
            question: masked.
            history: the turns before it, oldest first, masked, each question standing alone.
        """


class CarryingRewriter:
    """Rewrites without a model: what the previous question spoke of is carried into the new one."""

    async def standalone(self, question: str, history: Sequence[Turn]) -> str | None:
        """See `Rewriter`."""
        return carried(question, history[-1]) if history and is_followup(question, history[-1]) else None


@dataclass(frozen=True, slots=True)
class ModelRewriter:
    """Rewrites with a model; what it makes of a question is checked, and `fallback` stands in for it.

    Args:
        on_usage: is told what each call used.
    """

    client: "AsyncOpenAI"
    model: str
    limits: Limits = REWRITE_LIMITS
    fallback: Rewriter = field(default_factory=CarryingRewriter)
    on_usage: Callable[[Usage], None] = ignore_usage

    async def standalone(self, question: str, history: Sequence[Turn]) -> str | None:
        """See `Rewriter`. A question that is whole by itself is not sent: nothing could be gained but an error."""
        if not history or _is_whole(question):
            return None
        messages = [
            {"role": "system", "content": prompt.SYSTEM},
            {"role": "user", "content": prompt.user_message(question, history)},
        ]
        try:
            text = await complete_text(self.client, self.model, messages, _FORMAT, self.limits, self.on_usage)
            written = " ".join(_Rewritten.model_validate_json(read_object(text)).standalone.split())
        except (ModelError, ValidationError):
            return await self.fallback.standalone(question, history)
        if fold(written).strip(" ?.!") == fold(question).strip(" ?.!"):
            return None
        if not is_faithful(written, question, history):
            return await self.fallback.standalone(question, history)
        return written


class _Rewritten(BaseModel):
    standalone: str


_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "question", "strict": True, "schema": prompt.SCHEMA},
}


def is_followup(question: str, previous: Turn) -> bool:
    """Tell whether a question hangs on the previous one, by its words alone; in doubt, it does not."""
    question = _without_courtesy(question)
    said = fold(question)
    about = _informative(question)
    if not terms(question) and not _ASKS.search(said):
        return _CONTINUES.match(said) is not None
    if len(about) >= (FULL_CLAUSE_TERMS if _ASKS.search(said) else FULL_TERMS):
        return False
    known = set(terms(f"{previous.question} {previous.answer}"))
    if (_CONTINUES.match(said) and not _changes_subject(question, known)) or _POINTS_BACK.search(said):
        return True
    if _points_to_known(said, known):
        return True
    if len(about) <= 2 and _has_loose_pronoun(said):
        return True
    if len(about) <= 3 and _ELLIPSIS.match(said) and not _ASKS.search(said):
        return True
    return not about - known and len(about) <= 1 and len(said.split()) <= 8


def _without_courtesy(question: str) -> str:
    """Take off what is said before a follow-up: "Merci ! Et en CDD ?" asks "Et en CDD ?"."""
    return _COURTESY.sub("", question, count=1) if _COURTESY.match(question) else question


def _changes_subject(question: str, known: set[str]) -> bool:
    """Tell whether "et sinon" or "mais" opens a question that names its own subject, one not spoken of before."""
    said = fold(question)
    opener = _CHANGES_SUBJECT.match(said)
    if opener is None or _CONDITION.search(said, opener.end()) or _has_loose_pronoun(said):
        return False
    return len(set(terms(question))) >= 2 and bool(_informative(question) - known)


def _has_loose_pronoun(said: str) -> bool:
    """Tell whether a pronoun stands for something that the question itself has not named before."""
    match = None if _IMPERSONAL.search(said) else _PRONOUN.search(said)
    return match is not None and _ANTECEDENT.search(said[: match.start()]) is None


def _points_to_known(said: str, known: set[str]) -> bool:
    """Tell whether "cette demande" points to something that was spoken of; "cette année" points to the calendar."""
    nouns = (match[1] for match in _DEMONSTRATIVE.finditer(said) if match[1] not in _TIMES)
    return any(term in known or term in _frame() for noun in nouns for term in terms(noun))


@lru_cache(maxsize=1)
def _frame() -> frozenset[str]:
    return frozenset(terms(_FRAME_WORDS))


def _informative(text: str) -> set[str]:
    return {term for term in terms(text) if term not in _frame()}


def _is_whole(question: str) -> bool:
    """Tell whether a question is plainly no follow-up: many terms, and nothing that points back."""
    question = _without_courtesy(question)
    said = fold(question)
    hangs = _CONTINUES.match(said) or _POINTS_BACK.search(said) or _DEMONSTRATIVE.search(said)
    return len(_informative(question)) >= FULL_CLAUSE_TERMS and not hangs and not _has_loose_pronoun(said)


def carried(question: str, previous: Turn) -> str:
    """Write a follow-up with what it carries: substituted in the previous question, or said after it."""
    base = _base(previous.question)
    question = _without_courtesy(question)
    rest = _OPENER.sub("", question).strip()
    changed = substituted(base, rest)
    if changed is None:
        return f"{base}{JOINT}{_lowered(question.strip())}"
    written, named = changed
    beside = set(terms(rest)) - set(terms(named)) - set(terms(base))
    return f"{written}{JOINT}{_lowered(question.strip())}" if beside or _ASKS.search(fold(rest)) else written


def _base(previous: str) -> str:
    """Keep the question at the head of a chain, and the last thing that was asked after it."""
    first, *others = previous.split(JOINT)
    return JOINT.join([first, *others[-1:]])


def _lowered(question: str) -> str:
    """Take the capital off the first word of what follows a dash, unless it is an acronym or a name."""
    first = question.split(" ", 1)[0]
    return question[:1].lower() + question[1:] if first[1:].islower() or len(first) == 1 else question


def is_faithful(written: str, question: str, history: Sequence[Turn]) -> bool:
    """Tell whether what a model made of a question may stand for it.

    It is a short French question, it has kept the numbers and the placeholders of the question and brought none
    that nobody wrote, and it shares a term with what was said.
    """
    if not written or len(written) > MAX_STANDALONE_CHARS or _LINK.search(written):
        return False
    if is_foreign(written) or leaks(written):
        return False
    said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)])
    figures, kept = set(_figures(question)), set(_figures(written))
    if not figures <= kept <= set(_figures(said)):
        return False
    return not set(terms(_FIGURE.sub(" ", written))).isdisjoint(terms(_FIGURE.sub(" ", said)))


def _figures(text: str) -> list[str]:
    return [*article_numbers(text), *_FIGURE.findall(text)]
