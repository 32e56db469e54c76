"""The audit as a table: its lines go in, a CSV that a spreadsheet reads in French comes out."""

import csv
import io
from collections.abc import Iterable, Iterator

from server.store.audit import ActName, KeptAct

BOM = "\ufeff"
"""Tells a spreadsheet that the file is in UTF-8."""

HEADER = ("Numéro", "Date (UTC)", "Qui", "Acte", "Objet", "Modèle ou assistant", "Rédigé par", "Détail", "Empreinte",
          "Contrôle")  # fmt: skip

ACTS: dict[ActName, str] = {
    "question_asked": "question posée",
    "search": "recherche",
    "mask": "texte masqué",
    "notes_read": "fichier de notes lu",
    "draft_begun": "rédaction d’une synthèse commencée",
    "draft_created": "synthèse rédigée",
    "draft_refused": "synthèse refusée (pas d’accord)",
    "draft_read": "synthèse lue",
    "draft_edited": "synthèse modifiée",
    "draft_validated": "synthèse validée",
    "draft_exported": "synthèse exportée",
    "draft_deleted": "synthèse supprimée",
    "draft_purged": "synthèse détruite à son terme",
    "notes_purged": "notes détruites à leur terme",
    "assistant_begun": "assistant commencé",
    "assistant_run": "assistant utilisé",
    "conversation_read": "conversation lue",
    "conversation_deleted": "conversation supprimée",
    "conversations_deleted": "toutes ses conversations supprimées",
    "feedback": "avis donné",
    "feedback_read": "avis lus",
    "case_created": "cas de la qualité écrit",
    "case_edited": "cas de la qualité modifié",
    "case_proposed": "cas de la qualité remis à relire",
    "case_accepted": "cas de la qualité accepté",
    "case_rejected": "cas de la qualité écarté",
    "case_deleted": "cas de la qualité supprimé",
    "cases_exported": "cas de la qualité exportés",
    "evaluation_deleted": "évaluation supprimée",
    "ingestion_started": "ingestion lancée",
    "source_forgotten": "source retirée",
    "purge": "purge",
    "audit_exported": "journal exporté",
    "audit_purged": "journal abrégé",
    "key_created": "clé d’accès créée",
    "key_revoked": "clé d’accès révoquée",
    "access_refused": "accès refusé",
}

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes a cell that begins so for."""


def written(lines: Iterable[KeptAct]) -> Iterator[str]:
    """Write the audit as a spreadsheet in French reads it: semicolons, UTF-8 with its mark, no cell a formula."""
    yield BOM + _row(HEADER)
    for line in lines:
        act = line.act
        counts = ", ".join(f"{name} {count}" for name, count in sorted(act.counts.items()))
        moment = line.at.strftime("%Y-%m-%d %H:%M:%S")
        label = ACTS.get(act.act, act.act)
        check = "intacte" if line.intact else "ROMPUE : ligne changée, ou retirée avant celle-ci"
        cells = (str(line.number), moment, act.actor, label, act.object_id, act.template, act.model, counts,
                 line.hash, check)  # fmt: skip
        yield _row(cells)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running what an organisation's names may begin with."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
