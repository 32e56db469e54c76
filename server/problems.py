"""Errors as RFC 9457 problem details, in French that an advisor understands."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from ingest.documents import Kind
from ingest.errors import (
    ConfigurationError,
    FanalError,
    IngestionRunning,
    SourcesFileWrong,
    SourceUnavailable,
    StorageFailed,
    UnreadableFile,
)
from server.body_limit import TOO_LARGE
from server.drafting.errors import ConsentRefused, DraftRequestWrong, NotesTooHeavy, NotReady, TooManyFiles
from server.errors import MaskingFailed, ModelBusy, ModelError, TooManyRequests
from server.quality.errors import CaseRefused, CaseWrong, RunDamaged, RunReserved, RunUnderWay, RunUnknown
from server.schemas import Problem
from server.security_headers import HEADERS
from server.sign_in.errors import AccessRefused, NotSignedIn, SignInUnavailable
from server.store.errors import (
    CaseChanged,
    CaseExists,
    ClockDoubtful,
    DatabaseUnavailable,
    DraftChanged,
    DraftDamaged,
    DraftsKeyWrong,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class NotFound(FanalError):
    """What is asked for does not exist, or not for this caller."""


_STATUS: Mapping[type[FanalError], int] = {
    NotSignedIn: 401,
    AccessRefused: 403,
    SignInUnavailable: 503,
    NotFound: 404,
    IngestionRunning: 409,
    ConsentRefused: 403,
    RunUnknown: 404,
    RunReserved: 403,
    CaseRefused: 403,
    DraftChanged: 409,
    CaseChanged: 409,
    CaseExists: 409,
    RunUnderWay: 409,
    NotReady: 409,
    NotesTooHeavy: 413,
    DraftRequestWrong: 422,
    CaseWrong: 422,
    RunDamaged: 422,
    UnreadableFile: 422,
    DraftsKeyWrong: 503,
    SourcesFileWrong: 503,
    ConfigurationError: 422,
    TooManyRequests: 429,
    MaskingFailed: 500,
    ModelBusy: 503,  # before what it is a kind of
    ModelError: 502,
    SourceUnavailable: 503,
    TooManyFiles: 503,
    ClockDoubtful: 503,
    DatabaseUnavailable: 503,
    DraftDamaged: 500,
    StorageFailed: 507,
}

_FOR_ADMINISTRATORS: Mapping[type[FanalError], str] = {
    SourcesFileWrong: (
        "Le fichier des sources est à corriger : prévenez l’administrateur (`python -m ingest check` dit où)."
    ),
    StorageFailed: (
        "Le disque du serveur est plein, ou refuse une écriture : prévenez l’administrateur, le journal du "
        "serveur dit quel dossier est en cause."
    ),
    DraftsKeyWrong: (
        "Cette synthèse est scellée par une clé que le serveur n’a pas : prévenez l’administrateur. Rien n’est perdu."
    ),
    DraftDamaged: (
        "Cette synthèse est abîmée et ne peut pas être lue : prévenez l’administrateur, qui peut restaurer une "
        "sauvegarde. Les autres restent lisibles ; vous pouvez supprimer celle-ci."
    ),
    DatabaseUnavailable: (
        "La base des conversations ne répond pas : réessayez dans une minute. Si cela dure, prévenez "
        "l’administrateur."
    ),
}
"""What is said to anybody in place of messages that name files, folders or sources; the log has the whole."""

_TITLES = {
    400: "Demande illisible",
    401: "Connexion requise",
    403: "Refusé",
    404: "Introuvable",
    405: "Action impossible à cette adresse",
    409: "Déjà en cours",
    413: "Demande trop longue",
    422: "Demande à corriger",
    429: "Trop de demandes",
    500: "Erreur du serveur",
    502: "Le modèle de rédaction ne répond pas",
    503: "Service indisponible",
    507: "Disque plein",
}

_OWN_TITLES: Mapping[type[FanalError], str] = {
    ConsentRefused: "Consentement refusé",
    DraftChanged: "Modifiée entre-temps",
    CaseChanged: "Modifié entre-temps",
    CaseExists: "Existe déjà",
    RunUnderWay: "Mesure en cours",
    RunReserved: "Réservé",
    RunDamaged: "Mesure illisible",
    NotReady: "Pas encore possible",
    DraftDamaged: "Synthèse illisible",
    DraftsKeyWrong: "Synthèse illisible",
    ClockDoubtful: "Horloge à vérifier",
    SignInUnavailable: "Connexion impossible à vérifier",
    ModelBusy: "Le modèle est occupé",
}
"""Of what shares its status with something else."""

_DETAILS = {
    400: "La demande est illisible : il faut un JSON en UTF-8.",
    404: "Cette adresse n’existe pas.",
    405: "Cette adresse ne se demande pas ainsi.",
    413: TOO_LARGE,
}

_FIELDS = {
    "question": "la question",
    "query": "la recherche",
    "as_of": "la date",
    "kinds": "le type de document",
    "sources": "la source",
    "k": "le nombre de résultats",
    "conversation_id": "la conversation",
    "replaces": "la réponse à remplacer",
    "answer_id": "la réponse",
    "useful": "l’avis",
    "reasons": "la raison",
    "comment": "la remarque",
    "limit": "le nombre demandé",
    "region": "la région",
    "starts_after": "la date de début",
    "cpf": "l’éligibilité au CPF",
    "level": "le niveau",
    "certification": "la certification",
    "template": "le modèle",
    "notes": "le texte des notes",
    "text": "le texte",
    "consent": "le consentement",
    "mask": "la liste des masques",
    "label": "le libellé",
    "sections": "la liste des parties",
    "revision": "la révision",
    "name": "le nom",
    "format": "le format",
    "from": "la date de début",
    "to": "la date de fin",
    "inputs": "le contenu des champs",
    "filters": "le choix des formations",
    "case": "le cas",
    "id": "l’identifiant",
    "kind": "le type de cas",
    "history": "la liste des questions précédentes",
    "groups": "la liste des groupes",
    "facts": "la liste des faits attendus",
    "gold": "la liste des passages attendus",
    "forbidden": "la liste de ce qui ne doit pas être dit",
    "must_abstain": "l’abstention attendue",
    "abstention": "la raison de l’abstention",
    "draft": "la synthèse attendue",
    "tags": "la liste des étiquettes",
    "origin": "l’origine",
    "state": "l’état",
    "since": "la date de début",
}

_KINDS = ", ".join(Kind)


def problem(status: int, detail: str, *, retry: bool = False) -> Problem:
    """Write a problem with the title that its status has here."""
    return Problem(title=_TITLES.get(status, "Erreur"), status=status, detail=detail, retry=retry)


def problem_of(error: FanalError) -> Problem:
    """Write an error of Fanal as a problem."""
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    detail = _FOR_ADMINISTRATORS.get(type(error))
    if detail is not None:
        logger.error("%s", error)
    said = problem(status, detail or str(error), retry=error.retry)
    title = _OWN_TITLES.get(type(error))
    return said.model_copy(update={"title": title}) if title else said


def headers_of(error: FanalError) -> dict[str, str]:
    """Give the headers that say when to ask again, or how to sign in (RFC 9110, 10.2.3 and 11.6.1)."""
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": error.challenge}
    if isinstance(error, TooManyRequests | ModelBusy | SignInUnavailable):
        return {"Retry-After": str(error.retry_after)}
    return {}


def explain(error: RequestValidationError | ValidationError) -> str:
    """Say in French what is wrong with a request, one sentence a fault."""
    return " ".join(dict.fromkeys(_sentence(fault) for fault in error.errors()))


def _sentence(fault: Mapping[str, object]) -> str:
    place = [str(part) for part in fault["loc"] if part != "body"] if isinstance(fault["loc"], tuple) else []
    if len(place) > 1 and place[0] in ("path", "query", "case"):  # where a parameter or a field was written
        place = place[1:]
    name = _FIELDS.get(place[0], f"« {place[0]} »") if place else "la demande"
    context = fault.get("ctx")
    limits: Mapping[str, object] = context if isinstance(context, Mapping) else {}
    known = {
        "missing": f"Il manque {name}.",
        "string_too_short": f"{name.capitalize()} est vide.",
        "string_too_long": f"{_too_long(name)} : {limits.get('max_length')} caractères au plus.",
        "extra_forbidden": f"Le champ « {place[-1] if place else ''} » n’existe pas ici.",
        "too_long": f"{name.capitalize()} : {limits.get('max_length')} éléments au plus.",
        "json_invalid": "La demande n’est pas un JSON valide.",
        "enum": f"{name.capitalize()} demandé n’existe pas ; types connus : {_KINDS}.",
        "less_than_equal": f"{name.capitalize()} est trop grand : {limits.get('le')} au plus.",
        "greater_than_equal": f"{name.capitalize()} est trop petit : {limits.get('ge')} au moins.",
    }
    kind = str(fault["type"])
    if limits.get("pattern") == r"\S":
        kind = "string_too_short"
    if kind.startswith("date"):
        return (
            f"{name.capitalize()} n’est pas une date valide : écrivez-la AAAA-MM-JJ, par exemple 2026-11-22."
        )
    return known.get(kind, f"{name.capitalize()} n’a pas la forme attendue.")


def _too_long(name: str) -> str:
    return f"{name.capitalize()} est trop {'long' if name.startswith('le ') else 'longue'}"


def answer(found: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Send a problem."""
    return JSONResponse(found.model_dump(), found.status, headers, media_type=MEDIA_TYPE)


def unexpected() -> Problem:
    """Say that something failed that nobody foresaw."""
    detail = "Une erreur imprévue s’est produite. Réessayez ; si elle revient, prévenez l’administrateur."
    return problem(500, detail, retry=True)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(problem(422, explain(error)))

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        detail = _DETAILS.get(error.status_code, "La demande n’a pas pu être traitée.")
        return answer(problem(error.status_code, detail), error.headers)

    @app.exception_handler(FanalError)
    async def known(_: Request, error: FanalError) -> JSONResponse:
        return answer(problem_of(error), headers_of(error))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        logger.error("unexpected error on %s", request.url.path, exc_info=error)
        return answer(unexpected(), HEADERS)  # sent from outside of the middlewares
