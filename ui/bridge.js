// Hands the clicks on the page's own HTML buttons to the script, copies the answer, and looks after the focus.
// Streamlit calls this after each run, and cleans up at the end only: the listeners are the same functions each
// time, so that a click counts once, and what they need of the last run is kept in `memory`.
const memory = {
  opener: null, panel: null, asked: null, chosen: "", step: null, file: "", data: {}, send: () => {},
};
const PATIENCE_MS = 4000;
const STEP_MS = 80;
const TEXTS = "[data-testid=stTextArea] textarea, [data-testid=stTextInput] input";

function whenThere(selector, act, waited = 0) {
  const found = document.querySelector(selector);
  if (found) act(found);
  else if (waited < PATIENCE_MS) setTimeout(() => whenThere(selector, act, waited + STEP_MS), STEP_MS);
}

// Outside of a secure context (plain http on an intranet) there is no navigator.clipboard.
function copyByHand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(button, text) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    done = copyByHand(text);
  }
  const label = button.dataset.label || button.textContent;
  button.dataset.label = label;
  button.textContent = done ? "Copié" : "La copie n’est pas permise par ce navigateur";
  button.focus();
  setTimeout(() => { button.textContent = label; }, 2500);
}

function lookAfterPanel(panel) {
  if (panel === memory.panel) return;
  const was = memory.panel;
  memory.panel = panel;
  if (panel) {
    const isNew = !was || was.split("#")[0] !== panel.split("#")[0];
    whenThere(`[data-fanal-panel="${panel}"]`, (head) => {
      const box = head.closest(".st-key-panel");
      box.setAttribute("role", "complementary");
      box.setAttribute("aria-label", "Source citée");
      if (isNew) box.querySelector(".st-key-panel-close button")?.focus({ preventScroll: true });
    });
    whenThere(`[data-fanal-shown="${panel}"] [data-fanal-target]`, (target) => {
      const mark = target.querySelector("mark") || target;
      const box = target.closest(".st-key-panel");
      const top = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
      box.scrollTop += top - box.clientHeight * 0.35;
      const wide = target.closest(".fanal-page-scroll");
      if (wide) wide.scrollLeft = target.offsetLeft - 16;
    });
  } else if (memory.opener) {
    document.getElementById(memory.opener)?.focus({ preventScroll: true });
  }
}

function lookAfterQuestion(asked) {
  if (asked && memory.asked !== null && asked !== memory.asked) {
    whenThere(`[data-fanal-asked="${asked}"]`, (head) => head.scrollIntoView({ block: "start" }));
  }
  memory.asked = asked || "";
}

function lookAfterMask(chosen) {
  if (chosen === memory.chosen) return;
  const was = memory.chosen;
  memory.chosen = chosen;
  if (chosen && !was) {
    whenThere(".st-key-mask-editor button", (button) => button.focus({ preventScroll: true }));
  } else if (was && !chosen) {
    document.getElementById(`mask-${was}`)?.focus({ preventScroll: true });
  }
}

function lookAfterStep(step) {
  if (step && memory.step && step !== memory.step) {
    whenThere(`[data-fanal-step="${step}"]`, (head) => {
      head.scrollIntoView({ block: "start" });
      head.focus({ preventScroll: true });
    });
  }
  memory.step = step;
}

function lookAfterFile(file) {
  if (file && file !== memory.file) {
    whenThere(`.st-key-${file} [data-testid=stDownloadButton] button`, (button) => button.click());
  }
  memory.file = file;
}

// Streamlit names its upload button in English.
function nameUploads() {
  for (const area of document.querySelectorAll("[data-testid=stFileUploaderDropzone]")) {
    area.querySelector("button")?.setAttribute("aria-label", "Choisir un fichier");
  }
}

function act(button) {
  const action = button.dataset.fanalDo;
  if (action === "copy") copy(button, memory.data.copy);
  else if (action.startsWith("note|")) goToNote(action.slice(5));
  else if (action.startsWith("mask|")) {
    const selected = selectionAction(button);
    if (selected) memory.send("action", selected);
  } else {
    if (action.startsWith("passage|")) memory.opener = button.id;
    memory.send("action", action);
  }
}

function onClick(event) {
  const button = event.target.closest("[data-fanal-do]");
  if (!button) return;
  // The end of a drag over a mask selects words; it does not open the mask.
  if (button.matches("[data-fanal-notes] *") && hasSelection()) return;
  act(button);
}

// A text is sent when the focus leaves it, and the page is then drawn anew: a button that is being pressed would move
// away under the mouse, and its click be lost. So the focus stays in the text until the click, and leaves it just before.
function textLeftFor(event) {
  const text = document.activeElement?.closest(TEXTS);
  const button = event.target.closest?.("button");
  return text && button && !button.disabled && !button.contains(text) ? button : null;
}

function onPress(event) {
  if (event.button === 0 && textLeftFor(event)) event.preventDefault();
}

// The click comes back once the text is on its way: were it sent first, the text would stop the run that the click began.
function onBeforeClick(event) {
  const button = event.isTrusted && textLeftFor(event);
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  button.focus({ preventScroll: true, focusVisible: false });
  requestAnimationFrame(() => setTimeout(() => button.click()));
}

function onKey(event) {
  if (event.key === "Escape" && document.querySelector(".st-key-panel")) memory.send("close", true);
  const button = event.target.closest?.("[data-fanal-do][role=button]");
  if (button && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    act(button);
  }
  walkMasks(event);
}

function onLeave(event) {
  if (memory.data.unsaved) event.preventDefault();
}

const LISTENERS = [
  [document, "mousedown", onPress],
  [window, "click", onBeforeClick, true],
  [document, "click", onClick],
  [document, "keydown", onKey],
  [document, "selectionchange", onSelection],
  [document, "pointerover", lightSources],
  [document, "focusin", lightSources],
  [window, "beforeunload", onLeave],
];

export default function ({ data, setTriggerValue }) {
  memory.data = data;
  memory.send = setTriggerValue;
  for (const [target, ...listener] of LISTENERS) target.addEventListener(...listener);
  document.body.dataset.fanalListens = "true";
  lookAfterPanel(data.panel || "");
  lookAfterQuestion(data.asked || "");
  lookAfterMask(data.chosen || "");
  lookAfterStep(data.step || "");
  lookAfterFile(data.file || "");
  nameUploads();
  return () => {
    for (const [target, ...listener] of LISTENERS) target.removeEventListener(...listener);
    memory.data = {};
  };
}
