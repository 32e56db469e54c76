"use strict";
/* The cases of a report: filters, a list drawn a part at a time, and a case drawn when it is opened. What documents and
   models say is only ever written as text (textContent), never as HTML. */
(() => {
  const STEP = 100;
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const labels = read("labels");
  const cases = read("case-data");
  const percent = new Intl.NumberFormat("fr-FR", { style: "percent", maximumFractionDigits: 1 });
  const controls = ["outcome", "tag", "metric", "below", "text"].map((name) => byId(`filter-${name}`));
  const [outcome, tag, metric, below, words] = controls;
  const list = byId("cases");
  let shown = cases;
  let drawn = 0;
  let passages = null;

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== false));
    return element;
  }

  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’ʼ]/g, "'").toLowerCase();
  const label = (name) => labels.metrics[name]?.label ?? name;
  const heading = (text) => make("h3", {}, text);
  const listOf = (texts, attributes) => make("ul", attributes, texts.map((text) => make("li", {}, text)));

  /* Passages are packed: they are most of the file, and nobody opens every case. */
  async function unpack() {
    if (passages) return passages;
    const packed = Uint8Array.from(atob(byId("passage-data").textContent), (sign) => sign.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    passages = JSON.parse(await new Response(stream).text());
    return passages;
  }

  /* Filters */
  function scoreOf(one, name) {
    if (one.counts?.[name]?.[1]) return one.counts[name][0] / one.counts[name][1];
    return one.scores?.[name];
  }

  function searched(one) {
    one.searched ??= fold(
      [one.id, one.question, one.error, ...(one.facts ?? []), ...(one.answer?.statements ?? []).map((s) => s.text)].join(" "),
    );
    return one.searched;
  }

  function fits(one, wanted) {
    if (outcome.value === "review" && !labels.outcomes[one.outcome].review) return false;
    if (outcome.value === "unscored" && !one.unscored) return false;
    if (outcome.value && !["review", "unscored"].includes(outcome.value) && one.outcome !== outcome.value) return false;
    if (tag.value && !one.tags?.includes(tag.value)) return false;
    if (metric.value) {
      const score = scoreOf(one, metric.value);
      if (score === undefined || !(100 * score < Number(below.value))) return false;
    }
    return !wanted || searched(one).includes(wanted);
  }

  function filter() {
    below.disabled = !metric.value;
    const wanted = fold(words.value.trim());
    shown = cases.filter((one) => fits(one, wanted));
    if (metric.value) shown.sort((one, other) => scoreOf(one, metric.value) - scoreOf(other, metric.value));
    list.replaceChildren();
    drawn = 0;
    draw();
    byId("count").textContent = shown.length
      ? `${shown.length} cas sur ${cases.length}${metric.value ? ", du plus bas au plus haut" : ", ceux à revoir d’abord"}`
      : "Aucun cas ne répond à ces critères.";
  }

  function draw(upTo = drawn + STEP) {
    list.append(...shown.slice(drawn, upTo).map(row));
    drawn = Math.min(Math.max(upTo, drawn), shown.length);
    byId("more").hidden = drawn >= shown.length;
  }

  function row(one) {
    const ended = labels.outcomes[one.outcome];
    const score = metric.value ? scoreOf(one, metric.value) : undefined;
    const summary = make(
      "summary",
      {},
      make("span", { class: `state ${ended.tone}` }, ended.label),
      make("span", { class: "question" }, one.question || one.id, make("small", {}, [one.id, ...(one.tags ?? [])].join(" · "))),
      make("span", { class: "mean" }, score === undefined ? "" : percent.format(score)),
    );
    const details = make("details", {}, summary);
    details.addEventListener("toggle", () => details.open && details.children.length === 1 && open(details, one));
    return make("li", { id: `cas-${one.id}` }, details);
  }

  /* One case */
  async function open(details, one) {
    const body = make("div", { class: "case" });
    details.append(body);
    let found = null;
    if (one.passages) {
      try {
        found = (await unpack(), one.passages.map(([place, expected]) => ({ ...passages[place], expected: expected === 1 })));
      } catch (error) {
        body.append(make("p", { class: "banner caution across" }, `Les passages ne peuvent pas être lus : ce navigateur est trop ancien (${error.message}).`));
      }
    }
    body.append(
      make("div", {}, expectations(one)),
      make("div", {}, answer(one, found)),
      make("div", { class: "across" }, verdicts(one), scores(one), timings(one)),
    );
    if (found) body.append(make("div", { class: "across" }, heading(`Passages lus (${found.length})`), make("ol", { class: "passages" }, found.map((passage, rank) => passageItem(one, passage, rank)))));
  }

  function expectations(one) {
    const parts = [heading("Ce qui était attendu")];
    if (one.history) parts.push(make("p", {}, "Après : "), listOf(one.history));
    if (one.as_of) parts.push(make("p", {}, `À la date du ${one.as_of}.`));
    if (one.groups) parts.push(make("p", {}, `Par une personne des groupes : ${one.groups.join(", ")}.`));
    if (one.must_abstain) parts.push(make("p", {}, "Dire que les documents ne répondent pas."));
    if (one.facts) parts.push(make("p", {}, "Dire :"), listOf(one.facts));
    for (const gold of one.gold ?? []) {
      parts.push(make("p", {}, `D’après « ${gold.document} »`, gold.quote ? " :" : "."), gold.quote ? make("blockquote", {}, gold.quote) : null);
    }
    if (one.forbidden) parts.push(make("p", {}, "Ne laisser paraître :"), listOf(one.forbidden));
    if (one.draft) parts.push(...draftExpectations(one.draft));
    if (one.mask) parts.push(...maskExpectations(one.mask));
    return parts.filter(Boolean);
  }

  function draftExpectations(draft) {
    const parts = [make("p", {}, `Notes (modèle de synthèse « ${draft.template} ») :`), make("blockquote", {}, draft.notes)];
    if (draft.facts) parts.push(make("p", {}, "Faits à reprendre :"), listOf(draft.facts.map((fact) => (fact.section ? `${fact.text} (rubrique ${fact.section})` : fact.text))));
    if (draft.non_renseigne) parts.push(make("p", {}, `Rubriques à dire « non renseigné » : ${draft.non_renseigne.join(", ")}.`));
    if (draft.forbidden) parts.push(make("p", {}, "Ne rien dire de :"), listOf(draft.forbidden));
    return parts;
  }

  function maskExpectations(mask) {
    const signs = Array.from(mask.text);
    return [
      make("p", {}, "Texte :"),
      make("blockquote", {}, highlighted(mask.text, mask.spans.map((span) => ({ start: span.start, end: span.end, kind: "quote" })))),
      listOf(mask.spans.map((span) => `${span.type} : ${signs.slice(span.start, span.end).join("")}`)),
    ];
  }

  function answer(one, found) {
    const parts = [heading("Ce que l’assistant a fait")];
    if (one.error) parts.push(make("p", {}, one.error));
    if (one.answer) {
      const said = one.answer;
      if (said.standalone_question) parts.push(make("p", {}, `Question comprise : ${said.standalone_question}`));
      if (said.abstained) parts.push(make("p", {}, said.message || "Il a dit que les documents ne répondent pas."));
      parts.push(...said.statements.map((statement) => statementOf(one, statement, found)));
      for (const warning of said.warnings ?? []) parts.push(make("p", { class: "small" }, `Avertissement : ${warning}`));
      for (const conflict of said.conflicts ?? []) parts.push(make("p", { class: "small" }, `Documents en désaccord : ${conflict}`));
    }
    for (const section of one.drafted ?? []) {
      parts.push(make("h4", {}, section.title));
      if (!section.sentences.length) parts.push(make("p", {}, "Non renseigné"));
      for (const sentence of section.sentences) {
        const sources = sentence.sources.length ? ` (notes : ${sentence.sources.join(", ")})` : " (ne renvoie à aucune note)";
        parts.push(make("div", { class: `statement${sentence.verified ? "" : " unverified"}` }, make("p", {}, sentence.text, make("span", { class: "small" }, sources))));
      }
    }
    if (one.masked) parts.push(make("p", {}, "Texte masqué :"), make("blockquote", {}, one.masked));
    return parts;
  }

  function statementOf(one, statement, found) {
    const cites = statement.citations.map((citation) =>
      citation.rank == null || !found
        ? null
        : make("button", { type: "button", class: "cite", "aria-label": `Passage ${citation.rank + 1} cité`, onclick: () => showPassage(one, citation.rank) }, String(citation.rank + 1)),
    );
    const notes = [];
    if (!statement.verified) notes.push(make("p", { class: "flag caution" }, "non vérifiée"));
    if (statement.unsupported.length) notes.push(make("p", { class: "small" }, `Sans appui : ${statement.unsupported.join(", ")}`));
    const quotes = statement.citations.map((citation) => make("blockquote", {}, make("mark", {}, citation.quote)));
    return make("div", { class: `statement${statement.verified ? "" : " unverified"}` }, make("p", {}, statement.text, cites), notes, quotes);
  }

  function showPassage(one, rank) {
    const passage = byId(`passage-${one.id}-${rank}`);
    passage.open = true;
    passage.querySelector("summary").focus({ preventScroll: true });
    passage.scrollIntoView({ block: "center" });
  }

  function verdicts(one) {
    if (!one.verdicts) return null;
    const items = one.verdicts.map((verdict) => make("li", { class: verdict.good ? "good" : "bad" }, `${label(verdict.metric)} : ${verdict.text}`, make("span", { class: "spoken" }, verdict.good ? " (bien)" : " (à revoir)")));
    return [heading("Pourquoi"), make("ul", { class: "verdicts" }, items)];
  }

  function scores(one) {
    const rows = Object.keys(labels.metrics).flatMap((name) => scoreRow(one, name));
    if (!rows.length) return null;
    return make("table", {}, make("caption", {}, "Scores de ce cas"), make("tbody", {}, rows));
  }

  function scoreRow(one, name) {
    const flags = [];
    if (labels.metrics[name].judged) {
      if (labels.selfJudged) flags.push(make("span", { class: "flag bad" }, "se juge lui-même"));
      if (labels.agreements[name]) flags.push(make("span", { class: "flag neutral" }, labels.agreements[name]));
    }
    let value = null;
    if (one.unscored && name in one.unscored) value = `sans note : ${one.unscored[name]}`;
    else if (one.counts && name in one.counts) value = `${one.counts[name][0]} sur ${one.counts[name][1]}`;
    else if (one.scores && name in one.scores) value = percent.format(one.scores[name]);
    if (value === null) return [];
    return [make("tr", {}, make("th", { scope: "row", title: labels.metrics[name].help }, label(name)), make("td", {}, value, " ", flags))];
  }

  function timings(one) {
    if (!one.timings) return null;
    const stages = Object.entries(one.timings).map(([name, time]) => `${labels.stages[name] ?? name} ${Math.round(time).toLocaleString("fr-FR")} ms`);
    return make("p", { class: "small" }, `Temps : ${stages.join(", ")}${one.cached ? " (réponse reprise d’une évaluation d’avant)" : ""}.`);
  }

  function passageItem(one, passage, rank) {
    const ranges = (one.answer?.statements ?? []).flatMap((statement) => statement.citations.filter((citation) => citation.rank === rank).map((citation) => ({ start: citation.start, end: citation.end, kind: "quote" })));
    for (const gold of one.gold ?? []) {
      const at = gold.quote ? passage.text.indexOf(gold.quote) : -1;
      if (at >= 0) {
        const start = Array.from(passage.text.slice(0, at)).length;
        ranges.push({ start, end: start + Array.from(gold.quote).length, kind: "expected" });
      }
    }
    const cited = ranges.some((range) => range.kind === "quote");
    const where = [passage.path.join(" › "), passage.page && `page ${passage.page}`, passage.valid_from && `depuis le ${passage.valid_from}`, passage.valid_to && `jusqu’au ${passage.valid_to}`, passage.status !== "en_vigueur" && passage.status].filter(Boolean).join(" · ");
    return make(
      "li",
      {},
      make(
        "details",
        { open: cited, id: `passage-${one.id}-${rank}` },
        make("summary", {}, `${rank + 1}. ${passage.title} `, cited && make("span", { class: "flag neutral" }, "cité"), passage.expected && make("span", { class: "flag good" }, "attendu")),
        make("p", { class: "where" }, where, passage.url && " · ", passage.url && make("a", { href: passage.url, rel: "noopener noreferrer", target: "_blank" }, "ouvrir le document")),
        make("div", { class: "text" }, highlighted(passage.text, ranges)),
      ),
    );
  }

  /* Offsets count characters, as Python does: an emoji is one. */
  function highlighted(text, ranges) {
    const signs = Array.from(text);
    const cuts = [...new Set([0, signs.length, ...ranges.flatMap((range) => [range.start, range.end])])].sort((one, other) => one - other);
    return cuts.slice(0, -1).map((start, place) => {
      const piece = signs.slice(start, cuts[place + 1]).join("");
      const kinds = ranges.filter((range) => range.start <= start && range.end >= cuts[place + 1]).map((range) => range.kind);
      if (!kinds.length) return piece;
      return make("mark", { class: kinds.includes("quote") ? "quote" : "expected" }, piece);
    });
  }

  /* Links from above the list, and from outside to one case */
  function follow(event) {
    const link = event.target.closest("[data-outcome], [data-tag]");
    if (!link) return;
    reset();
    if (link.dataset.outcome) outcome.value = link.dataset.outcome;
    if (link.dataset.tag) tag.value = link.dataset.tag;
    filter();
  }

  function reset() {
    for (const control of controls) control.value = control === below ? "100" : "";
  }

  function openLinked() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const place = cases.findIndex((one) => `cas-${one.id}` === wanted);
    if (place < 0) return;
    reset();
    filter();
    draw(place + 1);
    const item = byId(wanted);
    item.firstElementChild.open = true;
    item.scrollIntoView();
  }

  byId("filters").hidden = false;
  for (const control of controls) control.addEventListener("input", filter);
  byId("filter-reset").addEventListener("click", () => {
    reset();
    filter();
    outcome.focus();
  });
  byId("more").addEventListener("click", () => {
    const next = drawn;
    draw();
    list.children[next].querySelector("summary").focus();
  });
  document.addEventListener("click", follow);
  window.addEventListener("hashchange", openLinked);
  filter();
  openLinked();
})();
