// The evidence player: one moment for all cameras of the case, frame by frame, with boxes; redacted unless a person with
// the right says why the original must be seen, and that is on record before a pixel of it is here.
import { now } from "./ages.js";
import { reveal } from "./reveal.js";

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
  frames: [...lane.querySelectorAll(".frames button")].map(read).sort((one, other) => one.at - other.at),
  shown: null,
}));
const times = lanes.flatMap((one) => one.frames.map((frame) => frame.at));
const span = { from: Math.min(...times), to: Math.max(...times) };
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium", timeZone: player.dataset.zone });
let at = span.to;
let zoom = 1;
let isComparing = false;
let playing = null;

function read(button) {
  const [x1, y1, x2, y2] = button.dataset.box.split(",").map(Number);
  return {
    button, at: Date.parse(button.dataset.at), sha: button.dataset.sha, role: button.dataset.role, text: button.dataset.text,
    isStored: button.dataset.stored === "yes", isFilm: button.dataset.role === "clip", box: { x1, y1, x2, y2 },
  };
}

// The last frame taken by then; before the first one, the first.
const frameAt = (frames, instant) => frames.filter((frame) => frame.at <= instant).at(-1) ?? frames[0];

function picture(frame) {
  const holder = document.createElement("div");
  holder.className = "frame";
  holder.style.setProperty("--zoom", zoom);
  const image = document.createElement(frame.isFilm ? "video" : "img");
  image.src = frame.original ?? `/api/v1/evidence/${frame.sha}`;
  if (frame.isFilm) { image.controls = true; image.muted = true; image.preload = "metadata"; } else image.alt = frame.text;
  image.addEventListener("error", () => holder.replaceChildren(words(say.missing)));
  holder.append(image);
  if (!frame.isFilm) holder.append(box(frame));
  return holder;
}

function words(said) {
  const line = document.createElement("p");
  line.className = "no-picture";
  line.textContent = said;
  return line;
}

function box({ box: { x1, y1, x2, y2 } }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "boxes");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const line of ["halo", "line"]) {
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
  if (one.shown === key) return;
  one.shown = key;
  const before = one.frames.find((other) => other.isStored && !other.isFilm);
  const parts = !frame.isStored ? [words(say.waiting)] : isComparing && before ? [picture(before), picture(frame)] : [picture(frame)];
  one.stage.replaceChildren(...parts);
  one.stage.classList.toggle("comparing", parts.length === 2);
  one.lane.querySelector(".said").textContent = frame.original ? `${frame.text} · ${say.unredacted}` : frame.text;
  one.lane.querySelector(".proof").textContent = proofs.get(frame.sha) ?? "";
  const button = one.lane.querySelector(".reveal");
  if (button) { button.hidden = !frame.isStored || frame.isFilm; button.onclick = () => reveal(player.dataset.case, frame, say, () => { one.shown = null; show(one); }); }
}

function showAll() {
  moment.value = span.to === span.from ? 1000 : Math.round(1000 * (at - span.from) / (span.to - span.from));
  text.textContent = clock.format(at);
  for (const one of lanes) show(one);
}

function go(instant) {
  at = Math.min(span.to, Math.max(span.from, instant));
  showAll();
}

export function step(by) {
  const known = [...new Set(times)].sort((one, other) => one - other).filter((time) => time >= span.from && time <= span.to);
  const next = by > 0 ? known.find((time) => time > at) : known.filter((time) => time < at).at(-1);
  if (next !== undefined) go(next);
}

function setWindow(name) {
  const confirmed = lanes.flatMap((one) => one.frames).find((frame) => frame.role === "confirmation")?.at ?? times[0];
  span.from = name === "near" ? confirmed - NEAR_MS : Math.min(...times);
  span.to = name === "near" ? confirmed + NEAR_MS : Math.max(...times);
  go(name === "near" ? confirmed : span.to);
}

// Towards the box: that is what somebody wants to see larger.
function setZoom(value) {
  zoom = Math.min(6, Math.max(1, value));
  for (const one of lanes) {
    const { x1, y1, x2, y2 } = frameAt(one.frames, at).box;
    for (const frame of one.stage.children) frame.style.setProperty("--zoom", zoom);
    one.stage.scrollTo({ left: one.stage.scrollWidth * (x1 + x2) / 2 - one.stage.clientWidth / 2, top: one.stage.scrollHeight * (y1 + y2) / 2 - one.stage.clientHeight / 2 });
  }
}

function togglePlay() {
  clearInterval(playing);
  playing = playing ? null : setInterval(() => { if (at >= span.to) togglePlay(); else go(at + Math.max(TICK_MS, (span.to - span.from) / 60)); }, TICK_MS);
  if (playing && at >= span.to) go(span.from);
  play.setAttribute("aria-pressed", String(Boolean(playing)));
  play.textContent = playing ? say.pause : say.play;
}

function compare() {
  isComparing = !isComparing;
  document.getElementById("compare").setAttribute("aria-pressed", String(isComparing));
  showAll();
}

// What is proven about each picture, in one answer.
const proofs = new Map();
async function prove() {
  const answer = await fetch(`/api/v1/cases/${player.dataset.case}/proofs`).catch(() => null);
  for (const proof of answer?.ok ? await answer.json() : []) {
    proofs.set(proof.sha256, `${say[`content_${proof.content}`]} · ${say[`signature_${proof.signature}`]}`);
  }
  for (const one of lanes) one.shown = null;
  showAll();
}

if (lanes.length) {
  for (const one of lanes) for (const frame of one.frames) frame.button.addEventListener("click", () => go(frame.at));
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
  prove();
}
