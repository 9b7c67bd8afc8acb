// Points on the picture and where they are on the ground; after every change the server says what the fit makes of them.
import { corner, fitTo, handleSize, moved } from "./polygons.js";
import { groundMap } from "./groundmap.js";

const root = document.getElementById("calibration");
const sheet = document.getElementById("sheet");
const body = document.getElementById("points");
const row = document.getElementById("row");
const form = document.getElementById("save");
const say = root ? JSON.parse(root.dataset.words) : {};
const SOON_MS = 400, STEP = 0.001, STRIDE = 0.01, LEAST = 4;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let points = [];
let chosen = -1;
let trial = null;
let map = null;
let timer = null;
let asked = 0;
let isDirty = false, isSending = false;

const isPlaced = (point) => Number.isFinite(point.lat) && Number.isFinite(point.lon);
const isClicked = (point) => Number.isFinite(point.x) && Number.isFinite(point.y);
const isWhole = (point) => isPlaced(point) && isClicked(point);

function marks() {
  const whole = points.filter(isWhole).map(({ name, x, y, lat, lon }) => ({ name, x, y, lat, lon }));
  const of = (id) => Number(document.getElementById(id).value);
  return { points: whole, aspect: aspect(), click_sigma_px: of("click"), survey_sigma_m: of("survey"), offset_sigma_m: of("offset") };
}

function aspect() {
  const picture = document.getElementById("picture");
  return picture?.naturalWidth ? Number((picture.naturalWidth / picture.naturalHeight).toFixed(6)) : Number((16 / 9).toFixed(6));
}

function changed() {
  isDirty = true;
  trial = null;
  form.marks.value = JSON.stringify(marks());
  document.getElementById("keep").disabled = true;
  clearTimeout(timer);
  timer = setTimeout(tryOut, SOON_MS);
  show();
}

async function tryOut() {
  const now = marks();
  const trouble = document.getElementById("trouble");
  trouble.hidden = true;
  if (now.points.length < LEAST) { tell(say.more.replace("{n}", LEAST - now.points.length)); return; }
  const number = ++asked;
  const answer = await fetch(`/fleet/cameras/${root.dataset.camera}/calibration/trial`, {
    method: "POST", body: JSON.stringify(now),
    headers: { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content },
  }).catch(() => null);
  if (number !== asked) return;
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok) {
    trouble.textContent = typeof said?.detail === "string" ? said.detail : said?.detail?.map((one) => `${one.loc.slice(1).join(".")}: ${one.msg}`).join("; ") ?? say.away;
    trouble.hidden = false;
    tell("");
    return;
  }
  trial = said;
  document.getElementById("keep").disabled = false;
  tell(summary());
  show();
}

function summary() {
  const parts = [];
  if (trial.height_m !== null) parts.push(say.hangs.replace("{m}", trial.height_m.toFixed(1)));
  parts.push(trial.freedom > 0 ? say.chi2.replace("{a}", trial.chi2.toFixed(1)).replace("{b}", trial.freedom) : say.exact);
  if (trial.has_lens) parts.push(say.lens);
  return parts.join(" · ");
}

function tell(text) { document.getElementById("said").textContent = text; }

function show() {
  const focused = document.activeElement?.dataset?.point;
  sheet.replaceChildren(...heat(), ...points.flatMap(marked));
  if (!body.contains(document.activeElement) || body.children.length !== points.length) body.replaceChildren(...points.map(listed));
  [...body.children].forEach(results);
  map?.show(points, chosen, trial?.camera);
  if (focused !== undefined) sheet.querySelector(`[data-point="${focused}"]`)?.focus();
}

function element(name, facts) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  return made;
}

const width = () => sheet.viewBox.baseVal.width;
const height = () => sheet.viewBox.baseVal.height;

// One sigma of what stands there, green to red; nothing where there is no answer.
function heat() {
  if (!trial || !document.getElementById("show-sigma").checked) return [];
  const rows = trial.sigma_m.length, columns = trial.sigma_m[0].length;
  return trial.sigma_m.flatMap((line, r) => line.flatMap((sigma, c) => {
    if (sigma === null) return [];
    const x = c / columns * width(), y = r / rows * height(), w = width() / columns, h = height() / rows;
    const cell = element("rect", { x, y, width: w, height: h, class: "heat", fill: `hsl(${Math.max(0, 120 - sigma * 30)} 80% 45%)` });
    const label = element("text", { x: x + w / 2, y: y + h / 2 + 8, class: "heat-label", "font-size": Math.min(1.5 * handleSize(sheet), 40) });
    label.textContent = sigma.toFixed(1);
    return [cell, label];
  }));
}

function marked(point, index) {
  if (!isClicked(point)) return [];
  const [x, y] = [point.x * width(), point.y * height()];
  const made = element("circle", { cx: x, cy: y, r: handleSize(sheet), class: `mark${index === chosen ? " chosen" : ""}${isPlaced(point) ? "" : " loose"}`, tabindex: 0, role: "button" });
  made.dataset.point = index;
  made.setAttribute("aria-label", `${point.name || index + 1}: ${(point.x * 100).toFixed(1)} % / ${(point.y * 100).toFixed(1)} %`);
  made.addEventListener("pointerdown", (event) => { event.preventDefault(); event.stopPropagation(); chosen = index; made.focus(); drag(event, point); });
  made.addEventListener("keydown", (event) => pressed(event, point, index));
  const label = element("text", { x, y: y - 1.5 * handleSize(sheet), class: "mark-label", "font-size": 2.2 * handleSize(sheet) });
  label.textContent = point.name || index + 1;
  return [made, label];
}

function pressed(event, point, index) {
  const way = WAYS[event.key];
  if (way) [point.x, point.y] = moved([point.x, point.y], way, event.shiftKey ? STRIDE : STEP);
  else if (event.key === "Delete") points.splice(index, 1);
  else return;
  event.preventDefault();
  changed();
}

function placeOf(event) {
  const frame = sheet.getBoundingClientRect();
  return corner((event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
}

function drag(first, point) {
  const go = (event) => { [point.x, point.y] = placeOf(event); changed(); };
  sheet.setPointerCapture(first.pointerId);
  sheet.addEventListener("pointermove", go);
  for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => sheet.removeEventListener("pointermove", go), { once: true });
  show();
}

function listed(point, index) {
  const line = row.content.firstElementChild.cloneNode(true);
  const pick = line.querySelector(".pick");
  pick.textContent = index + 1;
  pick.addEventListener("click", () => { chosen = index; show(); sheet.querySelector(`[data-point="${index}"]`)?.focus(); });
  const name = line.querySelector(".name");
  name.value = point.name;
  name.addEventListener("change", () => { point.name = name.value.trim(); changed(); });
  const place = line.querySelector(".place");
  place.value = isPlaced(point) ? `${point.lat.toFixed(7)}, ${point.lon.toFixed(7)}` : "";
  place.addEventListener("focus", () => { chosen = index; });
  place.addEventListener("change", () => {
    const [lat, lon] = place.value.split(/[,，\s]+/).map(Number);
    const isPlace = Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
    place.setCustomValidity(isPlace || !place.value ? "" : say.no_place);
    place.reportValidity();
    [point.lat, point.lon] = isPlace && place.value ? [lat, lon] : [NaN, NaN];
    changed();
  });
  line.querySelector(".remove").addEventListener("click", () => { points.splice(index, 1); chosen = -1; body.replaceChildren(); changed(); });
  return line;
}

function results(line, index) {
  line.className = index === chosen ? "chosen" : "";
  const point = points[index];
  const at = points.filter(isWhole).indexOf(point);
  const found = at >= 0 ? trial?.points[at] : null;
  const place = line.querySelector(".place");
  if (document.activeElement !== place && isPlaced(point)) place.value = `${point.lat.toFixed(7)}, ${point.lon.toFixed(7)}`;
  const put = (name, value, limit) => {
    const cell = line.querySelector(name);
    cell.textContent = value === null || value === undefined ? "–" : `${value.toFixed(2)} m`;
    cell.classList.toggle("bad", value > limit);
  };
  put(".error", found?.error_m, 3 * (found?.sigma_m ?? Infinity));
  put(".left", found?.left_out_m, 3);
  put(".sigma", found?.sigma_m, 3);
}

function add(place) {
  const open = points.findIndex((point) => !isClicked(point));
  if (open >= 0) [points[open].x, points[open].y] = place;
  else points.push({ name: "", x: place[0], y: place[1], lat: NaN, lon: NaN });
  chosen = open >= 0 ? open : points.length - 1;
  tell(say.now_map);
  changed();
}

function ground(lat, lon) {
  let point = points[chosen];
  if (!point || (isPlaced(point) && isClicked(point))) point = points.find((one) => !isPlaced(one));
  if (!point) { points.push(point = { name: "", x: NaN, y: NaN, lat, lon }); tell(say.now_picture); }
  [point.lat, point.lon] = [Number(lat.toFixed(7)), Number(lon.toFixed(7))];
  chosen = points.indexOf(point);
  changed();
}

function fit() {
  if (fitTo(document.getElementById("picture"), sheet)) show();
}

function start() {
  const given = JSON.parse(root.dataset.marks);
  points = given.points.map((point) => ({ ...point, name: point.name ?? "" }));
  for (const [id, key] of [["click", "click_sigma_px"], ["survey", "survey_sigma_m"], ["offset", "offset_sigma_m"]]) {
    const field = document.getElementById(id);
    if (given[key] !== undefined) field.value = given[key];
    field.addEventListener("change", changed);
  }
  map = groundMap(document.getElementById("map"), root, ground, (index, lat, lon) => { [points[index].lat, points[index].lon] = [lat, lon]; chosen = index; changed(); });
  sheet.addEventListener("pointerdown", (event) => { event.preventDefault(); add(placeOf(event)); });
  document.getElementById("add").addEventListener("click", () => { add([0.5, 0.7]); sheet.querySelector(`[data-point="${chosen}"]`)?.focus(); });
  document.getElementById("show-sigma").addEventListener("change", show);
  document.getElementById("picture")?.addEventListener("load", fit);
  form.addEventListener("submit", () => { form.marks.value = JSON.stringify(marks()); isSending = true; });
  addEventListener("beforeunload", (event) => { if (isDirty && !isSending) event.preventDefault(); });
  document.addEventListener("arrived", (event) => { if (isDirty) event.preventDefault(); });
  addEventListener("resize", show);
  fit();
  show();
  tryOut();
}

if (root) start();
