"""The metrics of a run: their names, and what each says to a person who is no engineer."""

from collections.abc import Mapping

from server.evaluation_schemas import MetricFamily, MetricInfo, MetricUnit


def _info(
    name: str,
    label: str,
    help_: str,
    family: MetricFamily,
    unit: MetricUnit = "share",
    *,
    higher_is_better: bool = True,
) -> MetricInfo:
    return MetricInfo(
        name=name, label=label, help=help_, family=family, unit=unit, higher_is_better=higher_is_better
    )


_ALL = [
    _info(
        "recall_at_5",
        "Rappel à 5",
        "Part des passages attendus parmi les cinq premiers trouvés. Ce qui n’est pas trouvé ne peut pas être dit.",
        "retrieval",
    ),
    _info(
        "recall_at_10",
        "Rappel à 10",
        "Part des passages attendus parmi les dix premiers trouvés.",
        "retrieval",
    ),
    _info(
        "mrr_at_10",
        "Rang du premier bon passage",
        "Inverse du rang du premier passage attendu : 1 s’il est premier, 0,5 s’il est deuxième.",
        "retrieval",
    ),
    _info(
        "ndcg_at_10",
        "Qualité du classement (nDCG)",
        "Les passages attendus sont-ils en tête ? 1 si tous le sont.",
        "retrieval",
    ),
    _info(
        "context_precision_id",
        "Précision des passages",
        "Part de bons passages, comptée à chaque rang où il y en a un, puis moyennée : 1 si aucun passage inutile ne "
        "les précède.",
        "retrieval",
    ),
    _info(
        "context_recall_id",
        "Rappel des passages",
        "Part des passages attendus parmi tous ceux que la réponse avait sous les yeux.",
        "retrieval",
    ),
    _info(
        "quotes_verified",
        "Citations retrouvées mot pour mot",
        "Part des citations qui sont, mot pour mot, dans le passage qu’elles nomment ; relues ici, sans croire le "
        "serveur. Une phrase dont la citation manque compte comme une citation absente.",
        "citations",
    ),
    _info(
        "cited_statements",
        "Phrases appuyées",
        "Part des phrases de la réponse qui s’appuient sur au moins une citation retrouvée.",
        "citations",
    ),
    _info(
        "citation_precision",
        "Citations justes",
        "Part des citations qui viennent d’un passage attendu. Un autre document qui dit la même chose compte comme "
        "faux : regardez si le chiffre bouge plutôt que sa hauteur.",
        "citations",
    ),
    _info(
        "citation_recall",
        "Sources attendues citées",
        "Part des passages attendus que la réponse cite.",
        "citations",
    ),
    _info(
        "supported_figures",
        "Chiffres appuyés",
        "Part des phrases dont chaque nombre, date ou article se lit dans leurs citations ; relus ici aussi.",
        "citations",
    ),
    _info(
        "fact_recall",
        "Faits attendus dits",
        "Part des faits attendus dont la réponse dit tous les chiffres et la plupart des mots. Un fait dit avec "
        "d’autres mots est manqué ; un fait nié passe pour dit.",
        "answer",
    ),
    _info(
        "nothing_forbidden",
        "Rien d’interdit",
        "Part des réponses où ne paraît rien de ce qui ne doit pas s’y lire : texte réservé, périmé, ordre caché.",
        "answer",
    ),
    _info(
        "abstention_accuracy",
        "Se taire ou répondre, à raison",
        "Part des questions où l’assistant a répondu quand il le fallait, et s’est abstenu quand il le fallait. Une "
        "panne compte comme une erreur.",
        "abstention",
    ),
    _info(
        "abstention_precision",
        "Silences justifiés",
        "Part des abstentions où les documents ne répondaient vraiment pas.",
        "abstention",
    ),
    _info(
        "abstention_recall",
        "Silences obtenus",
        "Part des questions sans réponse dans les documents où l’assistant l’a dit.",
        "abstention",
    ),
    _info(
        "balanced_accuracy",
        "Exactitude équilibrée",
        "Moyenne de la part de réponses données à raison et de la part de silences à raison : 0,5 pour qui répond "
        "toujours, ou jamais.",
        "abstention",
    ),
    _info(
        "faithfulness",
        "Fidélité (jugée)",
        "Selon le juge, part de ce que dit la réponse que les passages soutiennent.",
        "judged",
    ),
    _info(
        "answer_relevancy",
        "Pertinence (jugée)",
        "Selon le juge, la réponse répond-elle à la question posée ?",
        "judged",
    ),
    _info(
        "context_precision",
        "Passages utiles (jugés)",
        "Selon le juge, les passages utiles sont-ils en tête ?",
        "judged",
    ),
    _info(
        "context_recall",
        "Passages suffisants (jugés)",
        "Selon le juge, part de la réponse attendue que les passages trouvés permettent de dire.",
        "judged",
    ),
    _info(
        "factual_correctness",
        "Exactitude (jugée)",
        "Selon le juge, accord entre ce que dit la réponse et la réponse attendue.",
        "judged",
    ),
    _info(
        "noise_sensitivity",
        "Sensibilité au bruit (jugée)",
        "Selon le juge, part d’erreurs que des passages hors sujet ont fait écrire. Plus bas est mieux.",
        "judged",
        higher_is_better=False,
    ),
    _info(
        "draft_fact_recall",
        "Faits des notes repris",
        "Part des faits attendus que la synthèse dit, dans la bonne rubrique.",
        "draft",
    ),
    _info(
        "draft_non_renseigne_precision",
        "« Non renseigné » à raison",
        "Part des rubriques dites « non renseigné » dont les notes ne disent vraiment rien.",
        "draft",
    ),
    _info(
        "draft_non_renseigne_recall",
        "« Non renseigné » dit",
        "Part des rubriques dont les notes ne disent rien et qui le disent.",
        "draft",
    ),
    _info(
        "draft_sourced",
        "Phrases appuyées sur les notes",
        "Part des phrases de la synthèse qui renvoient à des phrases des notes.",
        "draft",
    ),
    _info(
        "draft_nothing_invented",
        "Rien d’inventé",
        "Part des synthèses où ne paraît rien de ce que les notes ne disent pas.",
        "draft",
    ),
    _info(
        "mask_recall_direct",
        "Identifiants masqués",
        "Part des noms, numéros, adresses et dates de naissance dont plus une lettre ne se lit, comptés sur tous les "
        "textes.",
        "mask",
    ),
    _info(
        "mask_recall_special",
        "Données sensibles masquées",
        "Part des données de santé, d’opinion, de religion… dont plus une lettre ne se lit.",
        "mask",
    ),
    _info(
        "mask_precision",
        "Masques justes",
        "Part des masques qui cachent une donnée personnelle : le reste cache du texte utile.",
        "mask",
    ),
]

CATALOGUE: Mapping[str, MetricInfo] = {info.name: info for info in _ALL}
"""By name, in the order in which people read them."""

JUDGED = tuple(info.name for info in _ALL if info.family == "judged")
"""The metrics that need a judge."""
