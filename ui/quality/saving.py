"""What keeps a case that was written, corrected or decided, and says in French what is in the way."""

from server.case_schemas import Case, CasePatch, CaseState, CaseView, NewCase
from ui.calls import ApiError, ClientError
from ui.components import notice_html
from ui.quality.case_text import CaseTextError
from ui.quality.state import Form, QualityState
from ui.quality_client import QualityClient

KEPT = "Cas enregistré"
KEPT_WHY = "Il comptera dès la prochaine évaluation de vos cas."
NOTHING_EXPECTED = "Mais il n’attend rien encore : dans « Cas », ajoutez-lui un passage ou un fait à dire."
MASKED = "{said} ont été masqués avant l’enregistrement : relisez le cas."
UNFOUND = "Il comptera comme une erreur tant que ses passages ne se trouvent pas"
NOT_DECIDED = "La décision n’est pas enregistrée"
DONE: dict[CaseState, str] = {
    "accepted": "Cas accepté : il comptera dès la prochaine évaluation.",
    "rejected": "Cas écarté : il ne comptera pas.",
    "proposed": "Cas remis à relire.",
}


def save_form(client: QualityClient, state: QualityState, form: Form) -> bool:
    """Keep the case of a form and close it; what is typed stays where it could not be kept."""
    try:
        case = form.text.case()
        if form.case_id is None:
            origin = "feedback" if form.answer_id else "written"
            kept = client.add_case(NewCase(case=case, origin=origin, answer_id=form.answer_id))
        else:
            patch = CasePatch(case=case, state="accepted", revision=form.revision)
            kept = client.change_case(form.case_id, patch)
    except (CaseTextError, ClientError) as error:
        form.trouble = str(error)
        return False
    state.close_form()
    state.refetch()
    why = KEPT_WHY if _expects(case) else NOTHING_EXPECTED
    masked = f" {MASKED.format(said=', '.join(kept.masked))}" if kept.masked else ""
    if kept.unfound:
        lacks = f"{UNFOUND} : {' ; '.join(kept.unfound)}."
        state.notice = notice_html("warning", KEPT, f"{lacks}{masked}", testid="kept")
    else:
        state.notice = notice_html("calm", KEPT, why + masked, testid="kept")
    return True


def _expects(case: Case) -> bool:
    return bool(case.must_abstain or case.gold or case.facts or case.forbidden or case.draft or case.mask)


def decide(client: QualityClient, state: QualityState, view: CaseView, decision: CaseState) -> bool:
    """Accept or reject a case as it was read."""
    try:
        client.change_case(view.case.id, CasePatch(state=decision, revision=view.revision))
    except ClientError as error:
        state.notice = notice_html("error", NOT_DECIDED, str(error), testid="not-decided")
        state.refetch()
        return False
    state.refetch()
    state.notice = notice_html("calm", DONE[decision], testid="decided")
    return True


def delete_case(client: QualityClient, state: QualityState, case_id: str) -> None:
    """Delete a case for good; one that is gone already is as good as deleted."""
    try:
        client.delete_case(case_id)
    except ClientError as error:
        if not (isinstance(error, ApiError) and error.is_gone):
            why = str(error)
            state.notice = notice_html("error", "La suppression n’a pas eu lieu", why, testid="not-deleted")
            return
    state.refetch()
    state.notice = notice_html("calm", "Cas supprimé.", testid="deleted")
