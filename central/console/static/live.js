// Keeps the live list fresh: server-sent events say which case changed, the server renders its card.
import { showAges } from "./ages.js";
import { acknowledge, alarm } from "./sound.js";
import { regroup } from "./storm.js";
import { keepPlace, showClaims } from "./triage.js";

const feed = document.getElementById("feed");
const connection = document.getElementById("connection");
const gap = document.getElementById("gap");
const columns = { live: document.getElementById("live"), lawful: document.getElementById("lawful") };
const MOST_CARDS = 120;
const waiting = new Map();
let gapTimer = null;

function sayConnection(state) {
  connection.className = `connection ${state}`;
  connection.lastElementChild.textContent = state === "on" ? connection.dataset.on : connection.dataset.off;
}

function sayGap(text) {
  clearTimeout(gapTimer);
  gap.textContent = text;
  gap.hidden = false;
  gapTimer = setTimeout(() => { gap.hidden = true; }, 12000);
}

async function fragment(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok || answer.status === 204) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content;
}

function place(card) {
  const column = columns[card.dataset.column];
  const id = card.dataset.case;
  const isLater = (other) => {
    const by = card.dataset.column === "live" ? Number(card.dataset.severity) - Number(other.dataset.severity) : 0;
    return by > 0 || (by === 0 && other.dataset.case < id);
  };
  const next = [...column.children].find(isLater) ?? null;
  column.insertBefore(card, next);
  while (column.children.length > MOST_CARDS) column.lastElementChild.remove();
}

async function refresh(id) {
  waiting.delete(id);
  const content = await fragment(`/cards/${id}?${feed.dataset.filter}`);
  const old = document.querySelector(`[data-case="${id}"]`);
  const card = content?.querySelector("[data-case]");
  const stay = old ? keepPlace(old, card) : () => {};
  const isAsking = (one) => Boolean(one?.classList.contains("pending_review"));
  if (isAsking(card) && !isAsking(old)) alarm(id, Number(card.dataset.severity));
  if (!isAsking(card)) acknowledge(id);
  if (!card) { old?.remove(); regroup(); stay(); return; }
  if (!old && feed.dataset.newest === "no") return;
  const isNew = !old || old.dataset.column !== card.dataset.column || old.className !== card.className;
  if (isNew) card.classList.add("fresh");
  showAges(card);
  showClaims(card);
  old?.remove();
  place(card);
  regroup();
  stay();
}

function soon(id) {
  if (!waiting.has(id)) waiting.set(id, setTimeout(() => refresh(id), 150));
}

let nodesTimer = null;
function refreshNodesSoon() {
  nodesTimer ??= setTimeout(async () => {
    nodesTimer = null;
    const content = await fragment("/nodes");
    if (content) {
      showAges(content);
      document.getElementById("nodes").replaceChildren(content);
    }
  }, 500);
}

// The browser resumes a cut by the last event's id itself; where it gives up (an answer that is no stream), we do.
let source = null;
let lastId = feed.dataset.change;
let lostAt = null;

const heard = (step) => (event) => { lastId = event.lastEventId || lastId; step(event); };

function opened() {
  sayConnection("on");
  if (lostAt) sayGap(`${gap.dataset.closed} (${Math.ceil((Date.now() - lostAt) / 1000)} s)`);
  lostAt = null;
}

function lost() {
  sayConnection("off");
  lostAt ??= Date.now();
  clearTimeout(gapTimer);
  gap.textContent = `${gap.dataset.cut} ${new Date(lostAt).toLocaleTimeString(document.documentElement.lang)}`;
  gap.hidden = false;
  if (source.readyState !== EventSource.CLOSED) return;
  setTimeout(() => fragment("/nodes").catch(() => null).then(listen), 3000);
}

function listen() {
  source = new EventSource(`/api/v1/events/stream?after=${lastId}`);
  source.onopen = opened;
  source.onerror = lost;
  source.addEventListener("case", heard((event) => { const summary = JSON.parse(event.data); if (summary) soon(summary.id); }));
  source.addEventListener("node", heard(refreshNodesSoon));
  source.addEventListener("reset", () => { sessionStorage.setItem("reset", "1"); location.reload(); });
}

listen();
addEventListener("pagehide", () => source.close());
if (sessionStorage.getItem("reset")) { sessionStorage.removeItem("reset"); sayGap(gap.dataset.reset); }
