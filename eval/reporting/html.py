"""Pages of one file that fetch nothing: a template and what it shows go in, HTML comes out.

The page's policy lets only its own script and style run, by their digest: a text that would slip through the escaping
could still do nothing.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eval.reporting import case_data, wording
from eval.reporting.summary import summarise
from server.evaluation_schemas import RunView
from server.outcome_schemas import OUTCOMES
from server.quality.catalogue import CATALOGUE
from server.quality.run_files import LoadedRun


def run_page(run: LoadedRun) -> str:
    """Write the report of a run."""
    cases, passages = case_data.page_cases(run)
    return render(
        "run.html.j2",
        "cases.js",
        summary=summarise(run),
        view=run.view,
        catalogue=[CATALOGUE[metric.name] for metric in run.view.metrics if metric.name in CATALOGUE],
        labels=Markup(case_data.script_json(_labels(run.view))),  # noqa: S704 (escaped by script_json)
        cases=Markup(case_data.script_json(cases)),  # noqa: S704 (escaped by script_json)
        passages=case_data.packed_json(passages),
    )


def render(template: str, script: str | None, **shown: Any) -> str:
    """Fill a template with its style, its script and a policy that lets nothing else run."""
    style, code = _asset("report.css"), _asset(script) if script else ""
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(code)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    page = _environment().get_template(template)
    own = {"style": Markup(style), "script": Markup(code), "policy": policy}  # noqa: S704 (our own files)
    return page.render(**own, **shown)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: wording.french(_asset(name))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = wording
    return environment


@cache
def _asset(name: str) -> str:
    return files("eval.reporting").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _labels(view: RunView) -> dict[str, Any]:
    """Give the words that the script writes: those that Python knows already are not written twice."""
    return {
        "metrics": {
            name: {"label": info.label, "help": info.help, "judged": info.family == "judged"}
            for name, info in CATALOGUE.items()
        },
        "outcomes": {
            key: {"label": one.label, "tone": one.tone, "review": one.to_review}
            for key, one in OUTCOMES.items()
        },
        "agreements": {
            metric.name: wording.agreement(metric.agreement)
            for metric in view.metrics
            if metric.name in CATALOGUE and CATALOGUE[metric.name].family == "judged"
        },
        "stages": {name: wording.stage(name) for name in wording.STAGES},
        "selfJudged": bool(view.judge and view.judge.is_generator),
    }
