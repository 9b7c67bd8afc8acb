// What a person decides: shown at once, sent in one request, undone by the workflow's own step back. What could not be
// sent (the session ended, the service is away) is kept in this tab and comes back after signing in; nothing is lost.
import { cardOf, cards, enlarge, feed, markSent, may, say, select, titleOf, unmarkSent, unpick } from "./rows.js";

const toast = document.getElementById("toast");
const kept = document.getElementById("kept");
const word = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const UNDO_MS = 10000;
const RENEW_MS = 60000;
const STEPS_BACK = ["reopen", "return"];
const KEPT = "xunjie-kept";
const DONE = "xunjie-done";
// What can be undone outlives the page: from one list into another is no reason to lose it.
const done = JSON.parse(sessionStorage.getItem(DONE) ?? "[]").map((entry) => ({ ...entry, back: new Map(entry.back) }));
let opened = null;
let renewing = null;
let toastTimer = null;

export function send(path, method = "POST", body = undefined) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": word };
  return fetch(`/api/v1/${path}`, { method, headers, keepalive: true, body: body && JSON.stringify(body) }).catch(() => null);
}

export function inform(text, kind = "") {
  clearTimeout(toastTimer);
  toast.className = `toast ${kind}`;
  toast.textContent = text;
  toast.hidden = false;
  if (kind !== "bad") toastTimer = setTimeout(() => { toast.hidden = true; }, UNDO_MS);
}

export async function problemOf(answer) {
  if (!answer) return say.not_sent;
  if (answer.status === 401) return say.signed_out;
  const said = await answer.json().catch(() => null);
  return typeof said?.detail === "string" ? said.detail : `${answer.status}`;
}

// Sends what was decided about some rows; `decided` are {path, body, text, title, ids}. Whether it arrived, and its answer.
export async function decide(decided) {
  for (const id of decided.ids) cardOf(id)?.classList.add("sent");
  const answer = await send(decided.path, "POST", decided.body);
  if (answer?.ok) return await answer.json().catch(() => ({}));
  decided.ids.forEach(unmarkSent);
  if (!answer || answer.status === 401 || answer.status >= 500) keep(decided, answer);
  else inform(`${say.refused} ${decided.title}: ${await problemOf(answer)}`, "bad");
  return null;
}

const stored = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
const store = (list) => sessionStorage.setItem(KEPT, JSON.stringify(list));

function keep(decided, answer) {
  store([...stored(), { ...decided, by: feed.dataset.me }]);
  inform(`${say.refused} ${decided.title}: ${answer?.status === 401 ? say.signed_out : say.not_sent}`, "bad");
  showKept(answer?.status === 401);
}

export function showKept(isSignedOut = false) {
  const waiting = stored();
  kept.hidden = waiting.length === 0 && !isSignedOut;
  kept.querySelector("b").textContent = waiting.map((one) => `${one.text}: ${one.title}`).join("; ");
  kept.querySelector("a").hidden = !isSignedOut;
  kept.querySelector("a").href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  for (const button of kept.querySelectorAll("button")) button.hidden = waiting.length === 0 || isSignedOut;
}

// After signing in as somebody else nothing is sent by itself: a decision is whose it was.
export async function sendKept(isAsked) {
  const waiting = stored();
  if (!waiting.length || (!isAsked && waiting.some((one) => one.by !== feed.dataset.me))) return;
  store([]);
  showKept();
  for (const decided of waiting) if (await decide(decided)) inform(`${decided.text}: ${decided.title}`, "good");
}

export async function act(found, action, said, text) {
  const able = found.filter((card) => may(card, action));
  if (!able.length) { inform(`${say.refused} ${say.not_now}`, "bad"); return; }
  const ids = able.map((card) => card.dataset.case);
  const title = able.length === 1 ? titleOf(able[0]) : `${able.length} ${say.cases}`;
  const isOne = able.length === 1;
  const entry = { text, title, until: Date.now() + UNDO_MS, back: new Map() };
  const path = isOne ? `cases/${ids[0]}/actions/${action}` : `bulk/actions/${action}`;
  const shown = cards();
  able.forEach(markSent);
  const waits = (card) => !ids.includes(card.dataset.case) && !card.classList.contains("sent");
  const next = shown.slice(shown.indexOf(able.at(-1)) + 1).find(waits) ?? shown.find(waits);
  entry.finished = decide({ path, body: isOne ? said : { cases: ids, said }, text, title, ids }).then((answer) => finish(entry, ids, answer));
  while (done.length && done[0].until < Date.now()) done.shift();
  done.push(entry);
  inform(`${text}: ${title} · ${say.undo_hint}`, "good");
  if (ids.includes(opened)) close(true);
  unpick();
  select(next ?? able[0]);
  await entry.finished;
}

async function finish(entry, ids, answer) {
  if (!answer) { if (done.includes(entry)) done.splice(done.indexOf(entry), 1); return; }
  const open = answer.open_actions ? { [ids[0]]: answer.open_actions } : answer.done ?? {};
  for (const [id, steps] of Object.entries(open)) {
    const back = STEPS_BACK.find((step) => steps.includes(step));
    if (back) entry.back.set(back, [...(entry.back.get(back) ?? []), id]);
  }
  storeDone();
  const refused = Object.entries(answer.refused ?? {});
  for (const [id] of refused) unmarkSent(id);
  if (refused.length) inform(`${say.refused} ${refused.length} ${say.cases}: ${refused[0][1]}`, "bad");
  else if (!entry.back.size && done.at(-1) === entry) inform(`${entry.text}: ${entry.title}`, "good");
}

const storeDone = () => sessionStorage.setItem(DONE, JSON.stringify(done.map(({ text, title, until, back }) => ({ text, title, until, back: [...back] }))));
export const sent = () => Promise.race([Promise.all(done.map((entry) => entry.finished)), new Promise((go) => setTimeout(go, 1000))]);

export async function undo() {
  const entry = done.pop();
  storeDone();
  if (!entry || entry.until < Date.now()) { inform(say.nothing_to_undo); return; }
  inform(say.undoing);
  await entry.finished;
  if (!entry.back.size) { inform(say.no_way_back, "bad"); return; }
  for (const [back, ids] of entry.back) {
    const said = { note: say.undo_note };
    const path = ids.length === 1 ? `cases/${ids[0]}/actions/${back}` : `bulk/actions/${back}`;
    const answer = await send(path, "POST", ids.length === 1 ? said : { cases: ids, said });
    if (!answer?.ok) { inform(`${say.refused} ${await problemOf(answer)}`, "bad"); return; }
    ids.forEach(unmarkSent);
  }
  inform(`${say.undone}: ${entry.title}`, "good");
}

// The claim: taken when a case is opened here, renewed while it is open, let go when it is closed undecided.
async function claim(id) {
  const answer = await send(`cases/${id}/claim`);
  if (answer?.ok || opened !== id) return;
  inform(answer ? `${say.not_claimed} ${await problemOf(answer)}` : say.not_sent, "bad");
}

export const isOpen = (card) => opened === card.dataset.case;

export function open(card) {
  if (opened) close();
  opened = card.dataset.case;
  enlarge(card, true);
  card.scrollIntoView({ block: "nearest" });
  claim(opened);
  renewing = setInterval(() => claim(opened), RENEW_MS);
}

export function close(isDecided = false) {
  clearInterval(renewing);
  const card = cardOf(opened);
  if (card) enlarge(card, false);
  if (opened && !isDecided) send(`cases/${opened}/claim`, "DELETE");
  opened = null;
}

kept.querySelector("[value=send]").addEventListener("click", () => sendKept(true));
kept.querySelector("[value=drop]").addEventListener("click", () => { store([]); showKept(); });
addEventListener("pagehide", () => { if (opened) close(); });
showKept();
