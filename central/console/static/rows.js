// The rows of the live list: where each belongs, which one the person stands on, which are picked, and their pictures.
import { showAges } from "./ages.js";

export const feed = document.getElementById("feed");
export const say = JSON.parse(feed.dataset.words);
export const live = document.getElementById("live");
const columns = { live, lawful: document.getElementById("lawful") };
const most = { live: Number(feed.dataset.rows), lawful: Number(feed.dataset.lawfulRows) };
const steps = JSON.parse(feed.dataset.steps);
const isNewest = feed.dataset.newest === "yes";
const picked = new Set();
const listeners = { touch: [], pick: [] };
let selected = null;

export const cards = () => [...live.querySelectorAll(".card")].filter((card) => card.offsetParent !== null);
export const cardOf = (id) => document.querySelector(`.card[data-case="${CSS.escape(id ?? "")}"]`);
export const may = (card, action) => (steps[card.dataset.state] ?? []).includes(action);
export const titleOf = (card) => card.querySelector("h3").textContent.trim();
export const current = () => cardOf(selected);
export const on = (what, listener) => listeners[what].push(listener);
// What was decided here looks so until the server's row says more: a batch that was read before the decision may come
// after it. Case → its state when it was decided.
const decided = new Map();
export const markSent = (card) => { decided.set(card.dataset.case, card.dataset.state); card.classList.add("sent"); };
export const unmarkSent = (id) => { decided.delete(id); cardOf(id)?.classList.remove("sent"); };
const showSent = (card) => { if (decided.get(card.dataset.case) === card.dataset.state) card.classList.add("sent"); else decided.delete(card.dataset.case); };
const tell = (what, value) => { for (const listener of listeners[what]) listener(value); };

export function select(card) {
  for (const other of live.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  selected = card?.dataset.case ?? null;
  if (!card) return;
  card.setAttribute("aria-current", "true");
  card.querySelector("a").focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
  tell("touch", card.dataset.case);
}

export function move(by) {
  const shown = cards();
  const at = shown.findIndex((card) => card.dataset.case === selected);
  const next = at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by));
  if (shown[next]) select(shown[next]);
}

// Picked rows are named one by one: what comes in later is never among them.
export const pickedCards = () => [...picked].map(cardOf).filter(Boolean);

export function pick(card, isPicked = !picked.has(card.dataset.case)) {
  if (isPicked) picked.add(card.dataset.case); else picked.delete(card.dataset.case);
  showPicked(card);
  tell("pick", picked.size);
}

export function unpick() {
  for (const card of pickedCards()) pick(card, false);
  picked.clear();
  tell("pick", 0);
}

function showPicked(card) {
  const isPicked = picked.has(card.dataset.case);
  card.classList.toggle("picked", isPicked);
  card.querySelector(".pick")?.setAttribute("aria-pressed", String(isPicked));
}

// Who else is at work on a case: the server says for how long from now, so that a wrong clock here hides nobody.
function decorate(card) {
  showAges(card);
  showPicked(card);
  showSent(card);
  for (const line of card.querySelectorAll("[data-person]")) line.classList.toggle("own", line.dataset.person === feed.dataset.me);
  for (const line of card.querySelectorAll("[data-claim-s]")) {
    setTimeout(() => { line.hidden = true; }, 1000 * Number(line.dataset.claimS));
    line.removeAttribute("data-claim-s");
  }
  const thumb = card.querySelector(".thumb[data-picture]");
  if (!thumb) return;
  if (pictures.has(thumb.dataset.picture)) showPicture(thumb); else sight.observe(thumb);
}

function place(card) {
  const column = columns[card.dataset.column];
  const id = card.dataset.case;
  const isLater = (other) => {
    const by = card.dataset.column === "live" ? Number(card.dataset.severity) - Number(other.dataset.severity) : 0;
    return by > 0 || (by === 0 && other.dataset.case < id);
  };
  column.insertBefore(card, [...column.children].find(isLater) ?? null);
}

// A row was drawn anew or has gone: the place where the person stood is kept.
function leave(old, card) {
  const id = old.dataset.case;
  if (!card) picked.delete(id);
  if (card && old.classList.contains("open")) enlarge(card, true);
  const wasSelected = selected === id;
  const hadFocus = old.contains(document.activeElement);
  const next = card ?? old.nextElementSibling ?? old.previousElementSibling;
  old.remove();
  return () => { if (wasSelected && hadFocus) select(next); else if (wasSelected && next) { selected = next.dataset.case; next.setAttribute("aria-current", "true"); } };
}

export function put(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const card = holder.content.querySelector("[data-case]");
  const old = cardOf(card.dataset.case);
  if (!old && !isNewest) return null;
  if (!old || old.dataset.column !== card.dataset.column || old.dataset.state !== card.dataset.state || old.dataset.severity !== card.dataset.severity) card.classList.add("fresh");
  const stay = old ? leave(old, card) : () => {};
  const column = columns[card.dataset.column];
  const isFull = column.children.length >= most[card.dataset.column];
  decorate(card);
  place(card);
  stay();
  return { card, was: old?.dataset.state, isFromBelow: !old && isFull && card === column.lastElementChild };
}

export function remove(id) {
  const card = cardOf(id);
  if (!card) return;
  leave(card, null)();
  decided.delete(id);
  tell("pick", picked.size);
}

export function settle(found) {
  for (const [name, column] of Object.entries(columns)) {
    while (isNewest && column.children.length > most[name]) column.lastElementChild.remove();
  }
  showStorms(found ?? storms);
}

// Storms: more than ten alike alerts at one place within ten minutes are one line, which says how many it stands for and
// leads to the list of all of them. The server folds and counts; what is decided belongs to none.
let storms = {};
export const folds = () => Object.keys(storms).join(",");
export const stormOf = (card) => card && card.querySelector(".storm");

function showStorms(found) {
  storms = found;
  for (const line of live.querySelectorAll(".storm")) if (!storms[line.closest(".card").dataset.case]) line.remove();
  for (const [id, { count, storm }] of Object.entries(storms)) {
    const card = cardOf(id);
    if (!card) continue;
    const line = stormOf(card) ?? document.createElement("a");
    line.className = "storm";
    const address = new URLSearchParams(feed.dataset.filter);
    address.set("storm", storm);
    line.href = `/?${address}`;
    line.textContent = `${count} ${say.storm_folded}`;
    card.append(line);
  }
}

// Pictures of the rows on the screen, a screenful in one request; a row drawn anew keeps its picture.
const pictures = new Map();
const wanted = new Set();
let timer = null;
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    sight.unobserve(entry.target);
    wanted.add(entry.target.closest(".card").dataset.case);
  }
  if (wanted.size) timer ??= setTimeout(fetchPictures, 300);
}, { rootMargin: "200px" });

function showPicture(thumb) {
  if (thumb.closest(".card.open")) return;
  const image = document.createElement("img");
  image.src = pictures.get(thumb.dataset.picture);
  image.alt = "";
  thumb.replaceChildren(image);
}

// The row that is open shows the whole picture, with its box.
const SVG = "http://www.w3.org/2000/svg";
const drawn = (name, facts) => { const made = document.createElementNS(SVG, name); for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value); return made; };
export function enlarge(card, isOpen) {
  const thumb = card.querySelector(".thumb[data-picture]");
  card.classList.toggle("open", isOpen);
  if (!thumb || !isOpen) { if (thumb && pictures.has(thumb.dataset.picture)) showPicture(thumb); return; }
  const [width, height] = thumb.dataset.size.split(",").map(Number);
  const [x1, y1, x2, y2] = thumb.dataset.box.split(",").map(Number);
  const whole = drawn("svg", { class: "crop", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  whole.append(drawn("image", { href: `/api/v1/evidence/${thumb.dataset.picture}`, width, height }));
  for (const line of ["halo", "line"]) whole.append(drawn("rect", { class: line, x: x1 * width, y: y1 * height, width: (x2 - x1) * width, height: (y2 - y1) * height }));
  thumb.replaceChildren(whole);
}

async function fetchPictures() {
  const ids = [...wanted].slice(0, 24);
  for (const id of ids) wanted.delete(id);
  timer = wanted.size ? setTimeout(fetchPictures, 300) : null;
  const answer = await fetch(`/thumbs?${ids.map((id) => `case=${id}`).join("&")}`).catch(() => null);
  const found = answer?.ok ? await answer.json() : {};
  for (const id of ids) {
    const thumb = cardOf(id)?.querySelector(".thumb[data-picture]");
    if (!thumb) continue;
    if (!found[id]) { thumb.firstElementChild.textContent = answer?.ok ? say.picture_gone : say.picture_later; continue; }
    pictures.set(thumb.dataset.picture, found[id]);
    if (pictures.size > 200) pictures.delete(pictures.keys().next().value);
    showPicture(thumb);
  }
}

live.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card && card.dataset.case !== selected) select(card);
});
live.addEventListener("click", (event) => {
  const button = event.target.closest(".pick");
  if (button) pick(button.closest(".card"));
});
for (const card of document.querySelectorAll(".card")) decorate(card);
showStorms(JSON.parse(feed.dataset.storms));
