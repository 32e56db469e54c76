"""Questions that the documents do not answer, without a model: what they treat of, asked of what they do not name."""

import random
from collections.abc import Iterator, Sequence
from itertools import product

from eval.generating.candidates import GENERATED, UNANSWERED, Candidate, Maker, case_id
from eval.generating.material import Material, Section, lacks
from eval.generating.wording import asked_of, aspect_forms
from server.case_schemas import Case

SUBJECTS = (
    "le compte épargne-temps", "la médaille du travail", "la prime de naissance", "les chèques-vacances",
    "les titres-restaurant", "la complémentaire santé", "la prime d’activité", "le revenu de solidarité active",
    "l’allocation aux adultes handicapés", "le contrat d’apprentissage", "le contrat de professionnalisation",
    "le parcours emploi compétences", "le microcrédit professionnel", "l’aide à la création d’entreprise",
    "le portage salarial", "le cumul emploi-retraite", "la retraite progressive", "le congé sabbatique",
    "le congé de solidarité internationale", "le congé de présence parentale", "le temps partiel thérapeutique",
    "la rupture conventionnelle", "le permis poids lourd", "la carte de séjour", "un logement social",
    "une caution locative", "l’aide au déménagement", "la prime de cooptation", "la prime d’intéressement",
    "une place en crèche d’entreprise", "le contrat de sécurisation professionnelle", "l’activité partielle",
    "le volontariat international en entreprise", "le service civique", "la validation d’études supérieures",
    "l’équivalence d’un diplôme québécois", "la bourse sur critères sociaux", "le prêt étudiant garanti",
    "le forfait mobilités durables", "l’indemnité de licenciement", "la prime de précarité", "le congé de reclassement",
)  # fmt: skip
"""What people ask such organisations for; each is searched for, and asked only where no document names it."""

FORMS = ("Comment demander {}", "Qui peut bénéficier de {}", "Quel est le montant prévu pour {}")
"""Asked whatever the documents treat of."""


def absent(material: Material, sections: Sequence[Section], seed: int) -> Iterator[Candidate]:
    """Ask of things that no passage names what the documents tell of theirs, no subject twice before all were asked."""
    chance = random.Random(seed)  # noqa: S311  # a draw, not a secret
    headings = (one.heading for one in sections if one.group is None)
    forms = sorted({*FORMS, *aspect_forms(one for one in headings if one)})
    subjects = list(SUBJECTS)
    chance.shuffle(subjects)
    chance.shuffle(forms)
    known: dict[str, bool] = {}
    for turn, place in product(range(len(forms)), range(len(subjects))):
        subject = subjects[place]
        if subject not in known:
            known[subject] = not lacks(material, [subject])
        if not known[subject]:
            yield unanswered(asked_of(forms[(turn + place) % len(forms)], subject), "absent")


def unanswered(question: str, maker: Maker, beside: Section | None = None) -> Candidate:
    """Make a case of a question that nothing is to answer.

    Args:
        beside: what it was written from: the question may show it, and is asked by those who may read it.
    """
    source = beside.passage.source if beside else ""
    case = Case(
        id=case_id(question),
        question=question,
        groups=[beside.group] if beside and beside.group else [],
        must_abstain=True,
        tags=[GENERATED, UNANSWERED, *([source[:64]] if source else [])],
    )
    return Candidate(case, maker, source)
