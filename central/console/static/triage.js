// The live list by keyboard. A decision is sent at once and undone by the workflow's own step back: what a person
// decided lies in the history even if this page dies the next moment.
import { keyOf, toggle } from "./storm.js";

const feed = document.getElementById("feed");
const live = document.getElementById("live");
const toast = document.getElementById("toast");
const help = document.getElementById("help");
const reasons = document.getElementById("reasons");
const make = document.getElementById("make");
const say = JSON.parse(feed.dataset.words);
const word = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const UNDO_MS = 10000;
const RENEW_MS = 60000;
const STEPS_BACK = ["reopen", "return"];
const done = [];
let selected = null;
let opened = null;
let renewing = null;
let toastTimer = null;
let listeners = [];

export const cards = () => [...live.querySelectorAll(".card")].filter((card) => card.offsetParent !== null);
const cardOf = (id) => live.querySelector(`.card[data-case="${CSS.escape(id ?? "")}"]`);
const may = (card, action) => card.dataset.steps.split(" ").includes(action);
export const onTouch = (listener) => { listeners.push(listener); };

function send(path, method, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": word };
  return fetch(`/api/v1/cases/${path}`, { method, headers, keepalive: true, body: body && JSON.stringify(body) });
}

export function tell(text, kind = "") {
  clearTimeout(toastTimer);
  toast.className = `toast ${kind}`;
  toast.textContent = text;
  toast.hidden = false;
  if (kind !== "bad") toastTimer = setTimeout(() => { toast.hidden = true; }, UNDO_MS);
}

async function problemOf(answer) {
  if (answer.status === 401) return say.signed_out;
  const said = await answer.json().catch(() => null);
  return typeof said?.detail === "string" ? said.detail : `${answer.status}`;
}

export function select(card) {
  for (const other of live.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  selected = card?.dataset.case ?? null;
  if (!card) return;
  card.setAttribute("aria-current", "true");
  const link = card.querySelector("a");
  link.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
  for (const listener of listeners) listener(card.dataset.case);
}

function move(by) {
  const shown = cards();
  const at = shown.findIndex((card) => card.dataset.case === selected);
  const next = at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by));
  if (shown[next]) select(shown[next]);
}

// The claim: taken when a case is opened here, renewed while it is open, let go when it is closed undecided.
async function claim(id) {
  const answer = await send(`${id}/claim`, "POST").catch(() => null);
  if (answer?.ok || opened !== id) return;
  tell(answer ? `${say.not_claimed} ${await problemOf(answer)}` : say.not_sent, "bad");
}

function open(card) {
  if (opened) close();
  opened = card.dataset.case;
  card.classList.add("open");
  card.scrollIntoView({ block: "nearest" });
  claim(opened);
  renewing = setInterval(() => claim(opened), RENEW_MS);
}

function close(isDecided = false) {
  clearInterval(renewing);
  cardOf(opened)?.classList.remove("open");
  if (opened && !isDecided) send(`${opened}/claim`, "DELETE").catch(() => null);
  opened = null;
}

async function finish(entry) {
  const answer = await entry.answer;
  if (answer?.ok) {
    const open = (await answer.json()).open_actions;
    entry.back = STEPS_BACK.find((step) => open.includes(step)) ?? null;
    if (!entry.back && done.at(-1) === entry) tell(`${entry.text}: ${entry.title}`, "good");
    return;
  }
  done.splice(done.indexOf(entry), 1);
  const card = cardOf(entry.id);
  card?.classList.remove("sent");
  tell(`${say.refused} ${entry.title}: ${answer ? await problemOf(answer) : say.not_sent}`, "bad");
}

function act(card, action, body, text) {
  if (!may(card, action)) { tell(`${say.refused} ${say.not_now}`, "bad"); return; }
  const id = card.dataset.case;
  const entry = { id, action, text, title: card.querySelector("h3").textContent.trim(), until: Date.now() + UNDO_MS, back: null };
  entry.answer = send(`${id}/actions/${action}`, "POST", body).catch(() => null);
  entry.finished = finish(entry);
  done.push(entry);
  card.classList.add("sent");
  tell(`${text}: ${entry.title} · ${say.undo_hint}`, "good");
  const shown = cards();
  const next = shown[shown.indexOf(card) + 1] ?? shown[shown.indexOf(card) - 1];
  if (opened === id) close(true);
  select(next ?? card);
}

async function undo() {
  const entry = done.pop();
  if (!entry || entry.until < Date.now()) { tell(say.nothing_to_undo); return; }
  tell(say.undoing);
  await entry.finished;
  if (!entry.back) { if ((await entry.answer)?.ok) tell(say.no_way_back, "bad"); return; }
  const answer = await send(`${entry.id}/actions/${entry.back}`, "POST", { note: say.undo_note }).catch(() => null);
  if (answer?.ok) tell(`${say.undone}: ${entry.title}`, "good");
  else tell(`${say.refused} ${answer ? await problemOf(answer) : say.not_sent}`, "bad");
}

function confirmCase(card) {
  const kind = card.dataset.kind ? {} : { kind: card.dataset.suggested || undefined };
  act(card, "confirm", kind, say.confirmed);
}

function ask(dialog, card, action) {
  if (!may(card, action)) { tell(`${say.refused} ${say.not_now}`, "bad"); return; }
  dialog.dataset.about = card.dataset.case;
  dialog.showModal();
}

function askKind(card) {
  const choice = make.querySelector("select");
  choice.value = card.dataset.kind || card.dataset.suggested;
  choice.disabled = Boolean(card.dataset.kind);
  ask(make, card, "report");
}

reasons.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const card = cardOf(reasons.dataset.about);
  if (!button) return;
  reasons.close();
  if (card && button.value) act(card, "reject", { reason: Number(button.value) }, `${say.rejected} (${button.dataset.word})`);
});
make.addEventListener("close", () => {
  const card = cardOf(make.dataset.about);
  const choice = make.querySelector("select");
  if (make.returnValue !== "report" || !card) return;
  act(card, "report", choice.disabled ? {} : { kind: choice.value }, say.reported);
});
make.addEventListener("cancel", () => { make.returnValue = ""; });

const onCard = (step) => () => {
  const card = cardOf(selected);
  if (card) step(card); else tell(say.pick_one);
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  t: onCard(confirmCase),
  f: onCard((card) => ask(reasons, card, "reject")),
  c: onCard(askKind),
  g: onCard((card) => { toggle(keyOf(card)); select(card.classList.contains("folded") ? cards()[0] : card); }),
  z: undo,
  "?": () => help.showModal(),
  Enter: onCard((card) => { if (opened === card.dataset.case) location.assign(card.querySelector("a").href); else open(card); }),
  Escape: () => { if (opened) close(); toast.hidden = true; },
};
export const bind = (key, step) => { keys[key] = step; };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (reasons.open) { reasons.querySelector(`button[value="${CSS.escape(key)}"]`)?.click(); return; }
  if (help.open && key === "?") { help.close(); event.preventDefault(); return; }
  if (document.querySelector("dialog[open]") || !Object.hasOwn(keys, key)) return;
  if (key === "Enter" && !event.target.closest("#live .card")) return;
  event.preventDefault();
  keys[key]();
});
live.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card && card.dataset.case !== selected) select(card);
});
document.getElementById("help-button").addEventListener("click", () => help.showModal());
addEventListener("pagehide", () => { if (opened) close(); });

// A card was rendered anew or has gone: the place where the person stood is kept.
export function keepPlace(old, card) {
  const id = old.dataset.case;
  if (card && opened === id) card.classList.add("open");
  if (selected !== id) return () => {};
  const next = card ?? old.nextElementSibling ?? old.previousElementSibling;
  const hadFocus = old.contains(document.activeElement);
  return () => { if (hadFocus) select(next); else next?.setAttribute("aria-current", "true"); };
}

// Who else is at work on a case: the server says for how long from now, so that a wrong clock here hides nobody.
export function showClaims(root = document) {
  for (const line of root.querySelectorAll("[data-claim-s]")) {
    setTimeout(() => { line.hidden = true; }, 1000 * Number(line.dataset.claimS));
    line.removeAttribute("data-claim-s");
  }
}
showClaims();
