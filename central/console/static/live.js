// Keeps the live list fresh: the server sends batches of rows drawn anew, of rows that left, and of counts.
import { showAges } from "./ages.js";
import { sendKept, showKept } from "./decisions.js";
import { bind } from "./keys.js";
import { cardOf, feed, folds, on, put, remove, say, settle } from "./rows.js";

const connection = document.getElementById("connection");
const gap = document.getElementById("gap");
const sound = document.getElementById("sound");
export const STOOD_AT = "xunjie-stood-at";
export const alerts = new Map();
const asked = new Map();
let gapTimer = null;
let source = null;
let lastId = feed.dataset.change;
let lostAt = null;
let room = null;

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

// An alert sounds from when it asks for somebody until somebody has seen to it (sound.js, once it is switched on).
export function acknowledge(id) {
  if (id === undefined) alerts.clear(); else alerts.delete(id);
  sound.dataset.waiting = String(alerts.size);
}

export function alarm(id, severity) {
  if (severity < 1) return;
  alerts.set(id, severity);
  sound.dataset.waiting = String(alerts.size);
  room?.sound();
}

function show(html) {
  const found = put(html);
  if (!found) return null;
  const { card, was, isFromBelow } = found;
  const isAsking = card.dataset.state === "pending_review";
  if (isAsking && was !== "pending_review" && !isFromBelow) alarm(card.dataset.case, Number(card.dataset.severity));
  if (!isAsking) acknowledge(card.dataset.case);
  return card.dataset.case;
}

// An alert behind a storm's line sounds as one that stands by itself.
function alarmStorms(storms) {
  const before = new Map(asked);
  asked.clear();
  for (const [id, { asking, storm }] of Object.entries(storms)) {
    const place = storm.split("~").slice(0, 3).join("~");
    asked.set(place, (asked.get(place) ?? 0) + asking);
    const card = cardOf(id);
    if (card && before.has(place) && asked.get(place) > before.get(place)) alarm(id, Number(card.dataset.severity));
  }
}

function showCounts(counts, parts) {
  for (const line of document.querySelectorAll("#counts [data-severity]")) line.querySelector("b").textContent = counts[line.dataset.severity] ?? 0;
  for (const line of document.querySelectorAll("#storm-count")) line.textContent = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const line of document.querySelectorAll("#parts [data-part]")) line.querySelector("b").textContent = parts[line.dataset.part] ?? 0;
}

function take(batch) {
  const shown = new Set((batch.rows ?? []).map(show));
  const gone = batch.whole ? [...document.querySelectorAll(".card")].map((card) => card.dataset.case).filter((id) => !shown.has(id)) : [];
  for (const id of [...(batch.gone ?? []), ...gone]) { acknowledge(id); remove(id); }
  if (batch.storms) alarmStorms(batch.storms);
  settle(batch.storms);
  if (batch.counts || batch.parts) showCounts(batch.counts ?? {}, batch.parts ?? {});
  if (!batch.nodes) return;
  const nodes = document.getElementById("nodes");
  nodes.innerHTML = batch.nodes;
  showAges(nodes);
}

// The browser resumes a cut by the last event's id itself; where it gives up (an answer that is no stream), we do.
function opened() {
  sayConnection("on");
  if (lostAt) sayGap(`${gap.dataset.closed} (${Math.ceil((Date.now() - lostAt) / 1000)} s)`);
  lostAt = null;
  sendKept(false);
}

async function lost() {
  sayConnection("off");
  lostAt ??= Date.now();
  clearTimeout(gapTimer);
  gap.textContent = `${gap.dataset.cut} ${new Date(lostAt).toLocaleTimeString(document.documentElement.lang)}`;
  gap.hidden = false;
  if (source.readyState !== EventSource.CLOSED) return;
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (answer?.status === 401) showKept(true);
  setTimeout(listen, answer?.status === 401 ? 15000 : 3000);
}

function listen() {
  const address = new URLSearchParams(feed.dataset.filter);
  address.set("after", lastId);
  address.set("folds", folds());
  source = new EventSource(`/live?${address}`);
  source.onopen = opened;
  source.onerror = lost;
  source.addEventListener("rows", (event) => {
    lastId = event.lastEventId || lastId;
    const batch = JSON.parse(event.data);
    const start = performance.now();
    take(batch);
    document.dispatchEvent(new CustomEvent("batch", { detail: { batch, took: performance.now() - start } }));
  });
}

async function toggleSound() {
  room ??= await import("./sound.js");
  room.toggle();
}

sound.addEventListener("click", toggleSound);
on("touch", acknowledge);
bind("q", () => acknowledge());
bind("x", () => room?.toggleMute());
sound.textContent = say.sound_off;
acknowledge();
if (cardOf(location.hash.slice(1))) cardOf(location.hash.slice(1)).scrollIntoView();
alarmStorms(JSON.parse(feed.dataset.storms));
listen();
if (document.getElementById("unstorm") || sessionStorage.getItem(STOOD_AT)) import("./storms.js");
addEventListener("pagehide", () => source.close());
