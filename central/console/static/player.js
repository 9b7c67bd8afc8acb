// The evidence player: one moment for all cameras of the case, frame by frame, with boxes; redacted unless a person with
// the right says why the original must be seen, and that is on record before a pixel of it is here.
import { now } from "./ages.js";
import { lasts, moments, open, seek } from "./film.js";
import { hide, reveal } from "./reveal.js";

const player = document.getElementById("player");
const say = JSON.parse(player.dataset.words);
const moment = document.getElementById("moment");
const text = document.getElementById("moment-text");
const play = document.getElementById("play");
const NEAR_MS = 10000;
const TICK_MS = 200;
const lanes = [...player.querySelectorAll(".lane")].map((lane) => ({
  lane,
  stage: lane.querySelector(".stage"),
  frames: once([...lane.querySelectorAll(".frames button")].map(read)).sort((one, other) => one.at - other.at),
  shown: null,
}));
const known = () => [...new Set(lanes.flatMap((one) => one.frames.flatMap((frame) => [frame.at, ...moments(frame)])))].sort((one, other) => one - other);
const ends = () => lanes.flatMap((one) => one.frames.flatMap((frame) => [frame.at, frame.at + frame.lengthMs]));
const span = { from: Math.min(...ends()), to: Math.max(...ends()) };
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium", timeZone: player.dataset.zone });
let at = span.to;
let zoom = 1;
let isComparing = false;
let playing = null;
let isReady = false;

// Whoever looks at frames is not thrown back to the first by a reload (case.js).
const touch = () => { if (isReady) player.dataset.busy = "yes"; };

function read(button) {
  const [x1, y1, x2, y2] = button.dataset.box.split(",").map(Number);
  return {
    button, at: Date.parse(button.dataset.at), sha: button.dataset.sha, role: button.dataset.role, seen: [button.dataset.seen],
    isStored: button.dataset.stored === "yes", isFilm: button.dataset.role === "clip", lengthMs: 0, video: null, boxes: [{ x1, y1, x2, y2 }],
    get text() { return `${button.dataset.word} · ${[...new Set(this.seen)].join(", ")} · ${button.dataset.when}`; },
  };
}

// One picture may show several incidents: it stands there once, with a box for each.
function once(frames) {
  const bySha = new Map();
  for (const frame of frames) {
    const first = bySha.get(frame.sha);
    if (!first) { bySha.set(frame.sha, frame); continue; }
    first.boxes.push(...frame.boxes);
    first.seen.push(...frame.seen);
    frame.button.closest("li").remove();
  }
  return [...bySha.values()];
}

// The picture of that moment, else a film that was running, else the last frame taken by then; before the first, the first.
const frameAt = (frames, instant) => frames.find((frame) => frame.at === instant && !frame.isFilm)
  ?? frames.findLast((frame) => frame.isFilm && lasts(frame, instant))
  ?? frames.findLast((frame) => frame.at <= instant && !frame.lengthMs) ?? frames[0];

function picture(frame) {
  const holder = document.createElement("div");
  holder.className = "frame";
  holder.style.setProperty("--zoom", zoom);
  const image = frame.isFilm ? frame.video : document.createElement("img");
  image.addEventListener("error", () => holder.replaceChildren(words(say.missing)));
  if (!frame.isFilm) { image.alt = frame.text; image.src = frame.original ?? `/api/v1/evidence/${frame.sha}`; } else if (image.error) return words(say.missing);
  holder.append(image, box(frame));
  return holder;
}

function words(said) {
  const line = document.createElement("p");
  line.className = "no-picture";
  line.textContent = said;
  return line;
}

function box({ boxes }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "boxes");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [line, { x1, y1, x2, y2 }] of boxes.flatMap((one) => [["halo", one], ["line", one]])) {
    const rect = document.createElementNS(svg.namespaceURI, "rect");
    for (const [name, value] of Object.entries({ class: line, x: x1, y: y1, width: x2 - x1, height: y2 - y1 })) rect.setAttribute(name, value);
    svg.append(rect);
  }
  return svg;
}

function show(one) {
  const frame = frameAt(one.frames, at);
  const key = `${frame.sha} ${frame.isStored} ${isComparing} ${Boolean(frame.original)}`;
  for (const other of one.frames) other.button.setAttribute("aria-current", String(other === frame));
  if (frame.isFilm && frame.isStored) seek(frame, at);
  if (one.shown === key) return;
  one.shown = key;
  const before = one.frames.find((other) => other.isStored && !other.isFilm);
  const parts = !frame.isStored ? [words(say.waiting)] : isComparing && before ? [picture(before), picture(frame)] : [picture(frame)];
  one.stage.replaceChildren(...parts);
  one.stage.classList.toggle("comparing", parts.length === 2);
  one.lane.querySelector(".said").textContent = `${frame.text} · ${frame.original ? say.unredacted : frame.button.dataset.redaction}`;
  const list = frame.button.closest("ol");
  list.scrollTo({ left: frame.button.offsetLeft - (list.clientWidth - frame.button.offsetWidth) / 2 });
  one.stage.classList.toggle("unredacted", Boolean(frame.original));
  showProof(one, frame);
  offerOriginal(one, frame);
}

function showProof(one, frame) {
  const proof = proofs.get(frame.sha);
  if (!proof && frame.isStored) proveOne(one, frame);
  one.lane.querySelector(".proof").textContent = proof?.text ?? "";
  one.lane.querySelector(".proof").classList.toggle("bad", Boolean(proof?.isBroken));
  one.stage.classList.toggle("unproven", Boolean(proof?.isBroken));
}

function offerOriginal(one, frame) {
  const button = one.lane.querySelector(".reveal");
  if (!button) return;
  const redraw = () => { one.shown = null; if (frame.isFilm) frame.video = open(frame, frame.original ?? addressOf(frame)); show(one); };
  button.hidden = !frame.isStored;
  button.textContent = frame.original ? say.blur : say.reveal;
  button.onclick = () => { touch(); if (frame.original) hide(frame, redraw); else reveal(player.dataset.case, frame, say, redraw); };
}

function showAll() {
  moment.value = span.to === span.from ? 1000 : Math.round(1000 * (at - span.from) / (span.to - span.from));
  text.textContent = clock.format(at);
  for (const one of lanes) show(one);
}

function go(instant) {
  touch();
  at = Math.min(span.to, Math.max(span.from, instant));
  showAll();
}

export function step(by) {
  const near = known().filter((time) => time >= span.from && time <= span.to);
  const next = by > 0 ? near.find((time) => time > at) : near.findLast((time) => time < at);
  if (next !== undefined) go(next);
}

function setWindow(name) {
  const confirmed = lanes.flatMap((one) => one.frames).find((frame) => frame.role === "confirmation")?.at ?? known()[0];
  span.from = name === "near" ? confirmed - NEAR_MS : Math.min(...ends());
  span.to = name === "near" ? confirmed + NEAR_MS : Math.max(...ends());
  go(name === "near" ? confirmed : span.to);
}

// Towards the box: that is what somebody wants to see larger.
function setZoom(value) {
  touch();
  zoom = Math.min(6, Math.max(1, value));
  for (const one of lanes) {
    const { x1, y1, x2, y2 } = frameAt(one.frames, at).boxes[0];
    for (const frame of one.stage.children) frame.style.setProperty("--zoom", zoom);
    one.stage.scrollTo({ left: one.stage.scrollWidth * (x1 + x2) / 2 - one.stage.clientWidth / 2, top: one.stage.scrollHeight * (y1 + y2) / 2 - one.stage.clientHeight / 2 });
  }
}

// Films and the seconds around the confirmation run as the street did; hours between pictures are passed quickly.
function tick() {
  const isFilming = lanes.some((one) => frameAt(one.frames, at).lengthMs > 0);
  const by = isFilming ? TICK_MS : Math.max(TICK_MS, (span.to - span.from) / 60);
  const film = lanes.flatMap((one) => one.frames).find((frame) => frame.lengthMs && frame.at > at && frame.at < at + by);
  if (at >= span.to) togglePlay(); else go(film ? film.at + 1 : at + by);
}

function togglePlay() {
  clearInterval(playing);
  playing = playing ? null : setInterval(tick, TICK_MS);
  if (playing && at >= span.to) go(span.from);
  play.setAttribute("aria-pressed", String(Boolean(playing)));
  play.textContent = playing ? say.pause : say.play;
}

function compare() {
  touch();
  isComparing = !isComparing;
  document.getElementById("compare").setAttribute("aria-pressed", String(isComparing));
  showAll();
}

// What is proven about each picture: the newest hundred in one answer, older ones when they are looked at.
const proofs = new Map();
let isProving = true;
function note(proof) {
  const text = `${say[`content_${proof.content}`]} · ${say[`signature_${proof.signature}`]}`;
  proofs.set(proof.sha256, { text, isBroken: proof.content === "broken" || proof.signature === "broken" });
}

async function proveOne(one, frame) {
  if (isProving) return;
  proofs.set(frame.sha, { text: "", isBroken: false });
  const answer = await fetch(`${addressOf(frame)}/proof`).catch(() => null);
  if (answer?.ok) note(await answer.json());
  if (frameAt(one.frames, at) === frame) showProof(one, frame);
}

async function prove() {
  const answer = await fetch(`/api/v1/cases/${player.dataset.case}/proofs`).catch(() => null);
  for (const proof of answer?.ok ? await answer.json() : []) note(proof);
  isProving = false;
  for (const one of lanes) one.shown = null;
  showAll();
}

const addressOf = (frame) => `/api/v1/evidence/${frame.sha}`;
function openFilms() {
  for (const frame of lanes.flatMap((one) => one.frames).filter((one) => one.isFilm && one.isStored)) {
    frame.video = open(frame, addressOf(frame), () => { span.to = Math.max(span.to, ...ends()); showAll(); });
  }
}

if (lanes.length) {
  openFilms();
  // A film's own button goes a moment into it: the picture of the same instant has a button too.
  for (const one of lanes) for (const frame of one.frames) frame.button.addEventListener("click", () => go(frame.at + Math.min(1, frame.lengthMs)));
  moment.addEventListener("input", () => go(span.from + (span.to - span.from) * Number(moment.value) / 1000));
  document.getElementById("earlier").addEventListener("click", () => step(-1));
  document.getElementById("later").addEventListener("click", () => step(1));
  document.getElementById("window").addEventListener("change", (event) => setWindow(event.target.value));
  document.getElementById("compare").addEventListener("click", compare);
  document.getElementById("zoom-in").addEventListener("click", () => setZoom(zoom * 1.5));
  document.getElementById("zoom-out").addEventListener("click", () => setZoom(zoom / 1.5));
  document.getElementById("show-boxes").addEventListener("change", (event) => player.classList.toggle("no-boxes", !event.target.checked));
  play.addEventListener("click", togglePlay);
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), b: compare, "+": () => setZoom(zoom * 1.5), "-": () => setZoom(zoom / 1.5), p: togglePlay };
    if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
  });
  go(Math.min(span.to, now()));
  isReady = true;
  prove();
}
