// Into a storm's own list and back by one key. Back in the list the person goes on where they stood: at the storm while
// it still waits, else at what came after it. What waits outside the storm meanwhile is counted, and heard.
import { inform, sent } from "./decisions.js";
import { acknowledge, alarm, STOOD_AT } from "./live.js";
import { cardOf, cards, current, feed, say, select, stormOf } from "./rows.js";

const SOON_MS = 1500;
const AGAIN_MS = 15000;
const way = document.getElementById("unstorm");
const elsewhere = document.getElementById("elsewhere");
const known = new Set();
let outside = null;
let source = null;

function nameOf(card) {
  const line = stormOf(card);
  return line ? new URL(line.href).searchParams.get("storm").split("~").slice(0, 3).join("~") : card.dataset.case;
}

// The storm that the person stands on, else the first below, else the first of all. What is on its way to the server
// arrives before the page goes, so that it can still be undone from the next.
export async function turn() {
  const shown = cards();
  const below = shown.slice(Math.max(0, shown.indexOf(current())));
  const card = below.find(stormOf) ?? shown.find(stormOf);
  if (!way && !card) { inform(say.no_storm); return; }
  if (!way) sessionStorage.setItem(STOOD_AT, JSON.stringify(shown.slice(shown.indexOf(card)).map(nameOf)));
  await sent();
  (way ?? stormOf(card)).click();
}

function goOn() {
  const names = JSON.parse(sessionStorage.getItem(STOOD_AT));
  sessionStorage.removeItem(STOOD_AT);
  const shown = cards();
  const found = names.map((name) => shown.find((card) => nameOf(card) === name)).find(Boolean) ?? shown[0];
  if (found) select(found);
}

function sayWaiting() {
  const own = [...document.querySelectorAll("#counts b")].reduce((sum, line) => sum + Number(line.textContent), 0);
  elsewhere.querySelector("b").textContent = String(outside - own);
  elsewhere.hidden = outside === null || outside <= own;
}

// A row may be the storm's own newest: then it stands in this list a moment later, and sounds there.
function hear(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const { case: id, state, severity } = holder.content.querySelector(".card").dataset;
  if (state !== "pending_review") acknowledge(id);
  else if (outside !== null && !known.has(id)) setTimeout(() => { if (!cardOf(id)) alarm(id, Number(severity)); }, SOON_MS);
  known.add(id);
}

// The whole list beside the storm's own: its first batch says what waited there already, later ones what came since.
function listen() {
  const address = new URLSearchParams(feed.dataset.filter);
  address.delete("storm");
  source = new EventSource(`/live?${address}&after=0`);
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS); };
  source.addEventListener("rows", (event) => {
    const batch = JSON.parse(event.data);
    for (const html of batch.rows ?? []) hear(html);
    for (const id of batch.gone ?? []) if (!cardOf(id)) acknowledge(id);
    if (batch.counts) outside = Object.values(batch.counts).reduce((sum, count) => sum + count, 0);
    sayWaiting();
  });
}

if (way) {
  if (cards().length) select(cards()[0]);
  listen();
  document.addEventListener("batch", sayWaiting);
  addEventListener("pagehide", () => source.close());
} else if (sessionStorage.getItem(STOOD_AT)) goOn();
