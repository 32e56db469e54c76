"""What the judge is asked, in French: an instruction, the form of its answer and examples for each request.

These stand in for ragas' own English prompts; no model translated them. The names of the fields of an answer stay
ragas', which reads them. The examples are of no real document: a judge must not have seen what it is to judge.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Wording:
    """One request.

    Args:
        given: the fields that ragas gives, and what they are called in the request; a field not named is not sent.
        shape: the form of the answer.
        examples: what is given and what is answered, by ragas' names.
    """

    instruction: str
    given: Mapping[str, str]
    shape: str
    examples: Sequence[tuple[Fields, Fields]]


_LEAVE = (
    "Une salariée prévient son responsable de son départ en congé de formation au moins 60 jours avant le début. "
    "Le responsable répond par écrit sous 30 jours. Pendant le congé, le salaire est maintenu à 90 %."
)


def _judged(statement: str, reason: str, verdict: int) -> Fields:
    return {"statement": statement, "reason": reason, "verdict": verdict}


SPLIT: Final = Wording(
    instruction=(
        "Voici une question et un texte qui y répond. Découpez le texte en affirmations courtes : chacune se comprend "
        "seule, sans pronom qui renvoie à une autre, et garde les chiffres, les dates et les conditions du texte. "
        "N’ajoutez rien, n’oubliez rien, ne corrigez pas ce qui vous paraît faux."
    ),
    given={"question": "question", "answer": "texte", "text": "texte"},
    shape='{"statements": ["affirmation", "affirmation"]}',
    examples=[
        (
            {
                "question": "Qui était Marie Curie ?",
                "answer": "Elle était physicienne et chimiste, née à Varsovie. Elle reçut le prix Nobel en 1903 et "
                "en 1911, mais seulement si l’on compte celui qu’elle partagea.",
            },
            {
                "statements": [
                    "Marie Curie était physicienne et chimiste.",
                    "Marie Curie est née à Varsovie.",
                    "Marie Curie reçut le prix Nobel en 1903 et en 1911, en comptant celui qu’elle partagea.",
                ]
            },
        )
    ],
)

CLAIMS: Final = Wording(
    instruction=(
        "Découpez ce texte en affirmations que l’on peut vérifier une à une. Chacune se comprend seule et garde les "
        "chiffres, les dates et les conditions du texte. N’ajoutez rien et ne corrigez pas ce qui vous paraît faux."
    ),
    given={"response": "texte"},
    shape='{"claims": ["affirmation", "affirmation"]}',
    examples=[
        (
            {
                "response": "La médiathèque ouvre à 10 heures du mardi au samedi. Le prêt est gratuit pour les moins "
                "de 18 ans et coûte 12 € par an aux autres."
            },
            {
                "claims": [
                    "La médiathèque ouvre à 10 heures du mardi au samedi.",
                    "Le prêt est gratuit pour les moins de 18 ans.",
                    "Le prêt coûte 12 € par an à partir de 18 ans.",
                ]
            },
        )
    ],
)

SUPPORT: Final = Wording(
    instruction=(
        "Pour chaque affirmation, dites si le contexte permet de la conclure directement. Mettez verdict à 1 si le "
        "contexte le dit, en ces mots ou en d’autres ; mettez verdict à 0 s’il n’en dit rien, s’il dit autre chose, ou "
        "si un chiffre, une date ou une condition diffère. N’utilisez que le contexte, jamais ce que vous savez "
        "par ailleurs. Recopiez chaque affirmation, dans l’ordre, et donnez la raison en une phrase courte."
    ),
    given={"context": "contexte", "statements": "affirmations"},
    shape='{"statements": [{"statement": "affirmation recopiée", "reason": "raison courte", "verdict": 0}]}',
    examples=[
        (
            {
                "context": _LEAVE,
                "statements": [
                    "La demande de congé de formation se fait au moins 60 jours à l’avance.",
                    "Le salaire est maintenu en entier pendant le congé.",
                    "Le congé est payé par la région.",
                ],
            },
            {
                "statements": [
                    _judged(
                        "La demande de congé de formation se fait au moins 60 jours à l’avance.",
                        "Le contexte demande de prévenir au moins 60 jours avant le début.",
                        1,
                    ),
                    _judged(
                        "Le salaire est maintenu en entier pendant le congé.",
                        "Le contexte dit 90 %, non la totalité.",
                        0,
                    ),
                    _judged(
                        "Le congé est payé par la région.",
                        "Le contexte ne dit pas qui paie le congé.",
                        0,
                    ),
                ]
            },
        )
    ],
)

ASKED: Final = Wording(
    instruction=(
        "Voici une réponse. Écrivez la question à laquelle elle répond, telle qu’une personne l’aurait posée. Mettez "
        "noncommittal à 1 si la réponse est évasive (« je ne sais pas », « cela dépend », « voyez votre responsable » "
        "sans rien dire d’autre), et à 0 si elle apprend quelque chose."
    ),
    given={"response": "réponse"},
    shape='{"question": "question en français ?", "noncommittal": 0}',
    examples=[
        (
            {"response": "La médiathèque ouvre à 10 heures du mardi au samedi."},
            {"question": "À quelle heure ouvre la médiathèque ?", "noncommittal": 0},
        ),
        (
            {"response": "Je n’ai pas d’information sur le prix de l’abonnement, cela dépend des cas."},
            {"question": "Quel est le prix de l’abonnement ?", "noncommittal": 1},
        ),
    ],
)

USEFUL: Final = Wording(
    instruction=(
        "Voici une question, la réponse attendue et un contexte. Mettez verdict à 1 si le contexte a servi, même en "
        "partie, à donner cette réponse ; mettez verdict à 0 s’il n’aide pas à la donner, même s’il parle du même "
        "sujet. Donnez la raison en une phrase courte."
    ),
    given={"question": "question", "context": "contexte", "answer": "réponse attendue"},
    shape='{"reason": "raison courte", "verdict": 0}',
    examples=[
        (
            {
                "question": "Quand faut-il prévenir d’un départ en congé de formation ?",
                "context": _LEAVE,
                "answer": "Au moins 60 jours avant le début.",
            },
            {"reason": "Le contexte donne le délai de 60 jours de la réponse attendue.", "verdict": 1},
        ),
        (
            {
                "question": "Combien coûte une carte de la médiathèque ?",
                "context": "La médiathèque ouvre à 10 heures du mardi au samedi, et à 14 heures le dimanche.",
                "answer": "12 € par an.",
            },
            {"reason": "Le contexte parle de la médiathèque, mais pas du prix de la carte.", "verdict": 0},
        ),
    ],
)

RECALL: Final = Wording(
    instruction=(
        "Voici une question, un contexte et la réponse attendue. Découpez la réponse attendue en affirmations, et pour "
        "chacune dites si le contexte permet de l’affirmer : attributed vaut 1 si oui, 0 sinon. Un chiffre, une date "
        "ou une condition qui diffère donne 0. N’utilisez que le contexte. Donnez la raison en une phrase courte."
    ),
    given={"question": "question", "context": "contexte", "answer": "réponse attendue"},
    shape='{"classifications": [{"statement": "affirmation", "reason": "raison courte", "attributed": 0}]}',
    examples=[
        (
            {
                "question": "Comment demande-t-on un congé de formation ?",
                "context": _LEAVE,
                "answer": "On prévient son responsable au moins 60 jours avant. La demande passe par le portail.",
            },
            {
                "classifications": [
                    {
                        "statement": "On prévient son responsable au moins 60 jours avant.",
                        "reason": "Le contexte dit ce délai.",
                        "attributed": 1,
                    },
                    {
                        "statement": "La demande passe par le portail.",
                        "reason": "Le contexte ne parle d’aucun portail.",
                        "attributed": 0,
                    },
                ]
            },
        )
    ],
)

ALL: Final = (SPLIT, CLAIMS, SUPPORT, ASKED, USEFUL, RECALL)

_TEXT: Final = json.dumps([asdict(one) for one in ALL], ensure_ascii=False, sort_keys=True)
VERSION: Final = f"fr-1-{hashlib.sha256(_TEXT.encode()).hexdigest()[:12]}"
"""Changes with any word of them."""
