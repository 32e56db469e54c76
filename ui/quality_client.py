"""Evaluations, feedback and cases, as the server offers them."""

from pydantic import TypeAdapter

from server.case_schemas import CaseFormat, CasePatch, CaseState, CaseView, FeedbackItem, NewCase
from server.comparison_schemas import Comparison
from server.evaluation_schemas import CaseDetail, ReportFormat, RunDetail, RunList
from ui.wire_client import WireClient, part

_CASES = TypeAdapter(list[CaseView])
_FEEDBACK = TypeAdapter(list[FeedbackItem])


class QualityClient(WireClient):
    """Calls what the quality team reads and writes."""

    def evaluations(self) -> RunList:
        """Give all runs, the newest first, without their cases."""
        return self._read(RunList, "GET", "/v1/evaluations")

    def evaluation(self, run_id: str) -> RunDetail:
        """Give a run, with its cases on one line each."""
        return self._read(RunDetail, "GET", f"/v1/evaluations/{part(run_id)}")

    def evaluated_case(self, run_id: str, case_id: str) -> CaseDetail:
        """Give all that a case gave in a run."""
        return self._read(CaseDetail, "GET", f"/v1/evaluations/{part(run_id)}/cases/{part(case_id)}")

    def report(self, run_id: str, kind: ReportFormat) -> bytes:
        """Give the report of a run as a file."""
        return self._send("GET", f"/v1/evaluations/{part(run_id)}/report", params={"format": kind}).content

    def compare(self, before: str, after: str) -> Comparison:
        """Give what changed from one run to another."""
        return self._read(Comparison, "GET", f"/v1/evaluations/{part(before)}/compare/{part(after)}")

    def delete_evaluation(self, run_id: str) -> None:
        """Delete a run, its cases and its reports."""
        self._send("DELETE", f"/v1/evaluations/{part(run_id)}")

    def feedback_inbox(self) -> list[FeedbackItem]:
        """Give what was said of answers, masked."""
        return self._list(_FEEDBACK, "/v1/feedback")

    def cases(self, state: CaseState | None = None) -> list[CaseView]:
        """Give the organisation's own cases; all of them, or those of a state."""
        return self._list(_CASES, "/v1/cases" if state is None else f"/v1/cases?state={state}")

    def add_case(self, case: NewCase) -> CaseView:
        """Keep a case."""
        return self._read(CaseView, "POST", "/v1/cases", case)

    def change_case(self, case_id: str, change: CasePatch) -> CaseView:
        """Correct a case, or decide whether it counts."""
        return self._read(CaseView, "PATCH", f"/v1/cases/{part(case_id)}", change)

    def delete_case(self, case_id: str) -> None:
        """Delete a case for good."""
        self._send("DELETE", f"/v1/cases/{part(case_id)}")

    def export_cases(self, kind: CaseFormat) -> bytes:
        """Give the accepted cases as a file."""
        return self._send("GET", "/v1/cases/export", params={"format": kind}).content
