// Where a selection stands in a text under review, and how the keyboard walks over its masks. Read before
// `bridge.js`, as one script with it.
const reviewed = { name: null, start: 0, end: 0 };
const SHOWN_CHARS = 60;

// Offsets are code points, as Python counts them: a browser counts an emoji as two.
function codePointsBefore(box, node, offset) {
  const before = document.createRange();
  before.selectNodeContents(box);
  if (box.contains(node)) before.setEnd(node, offset);
  else if (box.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING) return 0;
  let count = 0;
  for (const _ of before.toString()) count += 1;
  return count;
}

function boxOf(node) {
  const element = node instanceof Element ? node : node?.parentElement;
  return element?.closest("[data-fanal-notes]") || null;
}

function hasSelection() {
  const selection = document.getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.toString().trim());
}

function showSelected(name, text) {
  for (const bar of document.querySelectorAll("[data-fanal-mask-bar]")) {
    const said = bar.querySelector("[data-fanal-selected]");
    const button = bar.querySelector("[data-fanal-do]");
    const isHere = bar.dataset.fanalMaskBar === name && text;
    const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
    said.textContent = isHere ? `Sélection : « ${short} »` : said.dataset.empty;
    button.disabled = !isHere;
  }
}

// A click on the bar ends the browser's selection on some systems: the last one inside a text is kept.
function onSelection() {
  const selection = document.getSelection();
  if (!selection || !selection.rangeCount) return;
  const range = selection.getRangeAt(0);
  const box = boxOf(range.startContainer) || boxOf(range.endContainer);
  if (!box) return;
  if (!hasSelection()) {
    reviewed.name = null;
    showSelected(null, "");
    return;
  }
  reviewed.name = box.dataset.fanalNotes;
  reviewed.start = codePointsBefore(box, range.startContainer, range.startOffset);
  reviewed.end = codePointsBefore(box, range.endContainer, range.endOffset);
  showSelected(reviewed.name, selection.toString().trim().replace(/\s+/g, " "));
}

function selectionAction(button) {
  const bar = button.closest("[data-fanal-mask-bar]");
  if (!bar || reviewed.name !== bar.dataset.fanalMaskBar) return null;
  const type = bar.querySelector("[data-fanal-mask-type]").value;
  const action = `mask|${reviewed.name}|${reviewed.start}|${reviewed.end}|${type}`;
  reviewed.name = null;
  document.getSelection()?.removeAllRanges();
  showSelected(null, "");
  return action;
}

// The arrows walk from mask to mask, so that the Tab key does not have to pass hundreds of them.
function walkMasks(event) {
  const mask = event.target.closest?.("[data-fanal-notes] [role=button]");
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!mask || !step) return;
  const masks = [...mask.closest("[data-fanal-notes]").querySelectorAll("[role=button]")];
  const next = masks[masks.indexOf(mask) + step];
  if (!next) return;
  event.preventDefault();
  mask.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// What a sentence rests on is lit while it is pointed at, or while the focus is on it.
function lightSources(event) {
  const sentence = event.target.closest?.("[data-fanal-sources]");
  for (const lit of document.querySelectorAll(".fanal-lit")) lit.classList.remove("fanal-lit");
  if (!sentence) return;
  sentence.classList.add("fanal-lit");
  for (const name of sentence.dataset.fanalSources.split(" ").filter(Boolean)) {
    document.getElementById(name)?.classList.add("fanal-lit");
  }
}

function goToNote(name) {
  const note = document.getElementById(name);
  if (!note) return;
  note.focus({ preventScroll: true });
  note.scrollIntoView({ block: "nearest" });
  note.classList.add("fanal-lit");
}
