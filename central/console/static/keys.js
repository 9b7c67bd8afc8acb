// The keyboard of the live list: one key, one step. Nothing is heard while somebody types or a dialog is open.
import { cards, current, may, move, on, pick, pickedCards, say, unpick } from "./rows.js";
import { act, close, inform, isOpen, open, undo } from "./decisions.js";

const help = document.getElementById("help");
const reasons = document.getElementById("reasons");
const make = document.getElementById("make");
const several = document.getElementById("several");
const bar = document.getElementById("picked");
let about = [];
let agreed = null;

const chosen = () => { const found = pickedCards(); return found.length ? found : [current()].filter(Boolean); };
const onChosen = (step) => () => { const found = chosen(); if (found.length) step(found); else inform(say.pick_one); };
const later = (module, name) => onChosen((found) => import(module).then((loaded) => loaded[name](found)));

// Several at once: what will happen to how many is said first.
export function preview(found, text, step) {
  if (found.length < 2) { step(); return; }
  agreed = step;
  several.querySelector("h2").textContent = `${found.length} ${say.cases}: ${text}`;
  several.querySelector("ul").replaceChildren(...found.slice(0, 12).map((card) => {
    const line = document.createElement("li");
    line.textContent = `${card.querySelector("h3").textContent.trim()} · ${card.querySelector(".where")?.textContent.trim() ?? ""}`;
    return line;
  }));
  several.returnValue = "";
  several.showModal();
}

function confirmAll(found) {
  const said = found.length === 1 && !found[0].dataset.kind ? { kind: found[0].dataset.suggested || undefined } : {};
  preview(found, say.confirmed, () => act(found, "confirm", said, say.confirmed));
}

function ask(dialog, found, count) {
  about = found;
  dialog.querySelector(".count").textContent = count > 1 ? `${count} ${say.cases}` : "";
  dialog.returnValue = "";
  dialog.showModal();
}

function askKind(found) {
  if (!found.some((card) => may(card, "report"))) { inform(found.every((card) => may(card, "confirm")) ? say.make_first : `${say.refused} ${say.not_now}`); return; }
  const choice = make.querySelector("select");
  const first = found[0].dataset;
  choice.value = first.kind || first.suggested;
  choice.disabled = found.every((card) => card.dataset.kind);
  ask(make, found, found.length);
}

reasons.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  reasons.close();
  if (button.value) act(about, "reject", { reason: Number(button.value) }, `${say.rejected} (${button.dataset.word})`);
});
make.addEventListener("close", () => {
  const choice = make.querySelector("select");
  if (make.returnValue === "report") act(about, "report", choice.disabled ? {} : { kind: choice.value }, say.reported);
});
several.addEventListener("close", () => { if (several.returnValue === "yes") agreed?.(); });
on("pick", (count) => {
  bar.hidden = count === 0;
  bar.querySelector("b").textContent = `${count} ${say.picked}`;
});

const keys = {
  j: () => move(1),
  k: () => move(-1),
  " ": () => { const card = current(); if (card) pick(card); },
  "*": () => { for (const card of cards()) pick(card, true); },
  t: onChosen(confirmAll),
  f: onChosen((found) => ask(reasons, found, found.length)),
  c: onChosen(askKind),
  m: later("./together.js", "merge"),
  s: later("./together.js", "split"),
  a: later("./together.js", "assign"),
  n: later("./look.js", "look"),
  g: () => import("./storms.js").then((loaded) => loaded.turn()),
  z: undo,
  "?": () => help.showModal(),
  Enter: () => { const card = current(); if (card && isOpen(card)) location.assign(card.querySelector("a").href); else if (card) open(card); },
  Escape: () => { if (pickedCards().length) unpick(); else close(); document.getElementById("toast").hidden = true; },
};
export const bind = (key, step) => { keys[key] = step; };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (reasons.open) { reasons.querySelector(`button[value="${CSS.escape(key)}"]`)?.click(); return; }
  if (help.open && key === "?") { help.close(); event.preventDefault(); return; }
  if (document.querySelector("dialog[open]") || !Object.hasOwn(keys, key)) return;
  if (key === "Enter" && event.target.closest(".storm")) return;
  if ((key === "Enter" || key === " ") && !event.target.closest("#live .card > a") && event.target !== document.body) return;
  event.preventDefault();
  keys[key]();
});
// In a list of choices Enter is the browser's own; the dialog's button promises it.
for (const choice of document.querySelectorAll("dialog select")) choice.addEventListener("keydown", (event) => {
  if (event.key === "Enter") { event.preventDefault(); choice.closest("dialog").querySelector(".primary").click(); }
});
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => keys[button.dataset.key]());
