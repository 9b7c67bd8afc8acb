// Draws zones and masks on the camera's picture: by mouse, by finger and by keyboard alike, with undo.
import { corner, fitTo, handleSize, middle, moved, ring } from "./polygons.js";

const editor = document.getElementById("editor");
const sheet = document.getElementById("sheet");
const list = document.getElementById("shapes");
const row = document.getElementById("row");
const said = document.getElementById("said");
const form = document.getElementById("save");
const say = editor ? JSON.parse(editor.dataset.words) : {};
const STEP = 0.002, STRIDE = 0.02, SAME_STROKE_MS = 800, LEAST = 3;

let shapes = [];
let chosen = -1;
let draft = null;
let past = [], future = [];
let lastStroke = "", lastStrokeAt = 0;
let isDirty = false, isSending = false;

function read(text) {
  const found = JSON.parse(text);
  const of = (what) => (one) => ({ what, name: one.name ?? "", kinds: one.kinds ?? [], points: one.polygon });
  return [...found.zones.map(of("zone")), ...(found.masks ?? []).map(of("mask"))];
}

function written() {
  const of = (what) => shapes.filter((one) => one.what === what);
  const plain = (one) => ({ polygon: one.points.map(([x, y]) => [Number(x.toFixed(4)), Number(y.toFixed(4))]), kinds: one.kinds });
  return JSON.stringify({ zones: of("zone").map((one) => ({ name: one.name, ...plain(one) })), masks: of("mask").map(plain) });
}

// Every change goes through here: strokes of one kind in quick succession are undone together.
function change(stroke, step) {
  const now = Date.now();
  if (!stroke || stroke !== lastStroke || now - lastStrokeAt > SAME_STROKE_MS) past.push(JSON.stringify({ shapes, chosen }));
  [lastStroke, lastStrokeAt, future, isDirty] = [stroke, now, [], true];
  step();
  show();
}

function travel(from, to) {
  if (draft) { draft = null; show(); return; }
  if (!from.length) return;
  to.push(JSON.stringify({ shapes, chosen }));
  ({ shapes, chosen } = JSON.parse(from.pop()));
  lastStroke = "";
  isDirty = true;
  show();
}

function tell(text) { said.textContent = text; }

function add(what, points) {
  const names = new Set(shapes.map((one) => one.name));
  let number = 1;
  while (names.has(`zone-${number}`)) number += 1;
  change("", () => {
    shapes.push({ what, name: what === "zone" ? `zone-${number}` : "", kinds: [], points });
    chosen = shapes.length - 1;
  });
  sheet.querySelector("[data-corner]")?.focus();
}

function begin(what) {
  draft = { what, points: [] };
  tell(say.drawing);
  show();
  sheet.focus({ preventScroll: true });
}

function finish() {
  const { what, points } = draft;
  draft = null;
  tell("");
  add(what, points.length >= LEAST ? points : ring(points[0]));
}

// What is drawn, anew after every change; the focus stays on the corner that had it.
function show() {
  const focused = document.activeElement?.dataset?.corner;
  sheet.replaceChildren(...shapes.flatMap(drawn), ...(draft ? sketched() : []));
  list.replaceChildren(...shapes.map(listed));
  document.getElementById("none").hidden = shapes.length > 0;
  document.getElementById("undo").disabled = past.length === 0 && !draft;
  document.getElementById("redo").disabled = future.length === 0;
  form.drawing.value = written();
  sheet.classList.toggle("is-drawing", Boolean(draft));
  if (focused !== undefined) sheet.querySelector(`[data-corner="${focused}"]`)?.focus();
}

function element(name, facts) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  return made;
}

const box = () => sheet.viewBox.baseVal;
const at = ([x, y]) => [x * box().width, y * box().height];

function drawn(shape, index) {
  const polygon = element("polygon", { class: shape.what + (index === chosen ? " chosen" : ""), points: shape.points.map((one) => at(one).join(",")).join(" ") });
  polygon.addEventListener("pointerdown", (event) => { if (!draft) { event.preventDefault(); chosen = index; show(); } });
  if (index !== chosen || draft) return [polygon];
  const between = shape.points.map((one, k) => handle(middle(one, shape.points[(k + 1) % shape.points.length]), handleSize(sheet) * 0.6, "between", (event) => {
    change("", () => shape.points.splice(k + 1, 0, middle(one, shape.points[(k + 1) % shape.points.length])));
    drag(event, shape, k + 1);
  }));
  return [polygon, ...between, ...shape.points.map((one, k) => grip(shape, one, k))];
}

function handle(point, size, name, press) {
  const [x, y] = at(point);
  const made = element("circle", { cx: x, cy: y, r: size, class: name });
  made.addEventListener("pointerdown", (event) => { event.preventDefault(); event.stopPropagation(); press(event); });
  return made;
}

function grip(shape, point, k) {
  const made = handle(point, handleSize(sheet), "corner", (event) => { made.focus(); drag(event, shape, k); });
  made.dataset.corner = k;
  made.setAttribute("tabindex", "0");
  made.setAttribute("role", "button");
  made.setAttribute("aria-label", `${shape.name || say.mask} ${say.corner} ${k + 1}: ${Math.round(point[0] * 100)} % / ${Math.round(point[1] * 100)} %`);
  made.addEventListener("keydown", (event) => pressed(event, shape, k));
  return made;
}

function sketched() {
  const made = element("polyline", { class: "draft", points: draft.points.map((one) => at(one).join(",")).join(" ") });
  return [made, ...draft.points.map((one) => { const [x, y] = at(one); return element("circle", { cx: x, cy: y, r: handleSize(sheet) * 0.7, class: "between" }); })];
}

function placeOf(event) {
  const frame = sheet.getBoundingClientRect();
  return corner((event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
}

function drag(first, shape, k) {
  if (shapes[chosen] !== shape && shapes[chosen]) shape = shapes[chosen];
  const stroke = `drag ${Math.random()}`;
  const go = (event) => change(stroke, () => { shape.points[k] = placeOf(event); lastStrokeAt = Infinity; });
  const stop = () => { sheet.removeEventListener("pointermove", go); lastStroke = ""; };
  sheet.setPointerCapture(first.pointerId);
  sheet.addEventListener("pointermove", go);
  sheet.addEventListener("pointerup", stop, { once: true });
  sheet.addEventListener("pointercancel", stop, { once: true });
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function pressed(event, shape, k) {
  const way = WAYS[event.key];
  if (way) {
    const by = event.shiftKey ? STRIDE : STEP;
    change(`move ${chosen} ${k}`, () => { shape.points[k] = moved(shape.points[k], way, by); });
  } else if (event.key === "+" || event.key === "Insert") {
    change("", () => shape.points.splice(k + 1, 0, middle(shape.points[k], shape.points[(k + 1) % shape.points.length])));
    sheet.querySelector(`[data-corner="${k + 1}"]`)?.focus();
  } else if ((event.key === "Delete" || event.key === "Backspace") && shape.points.length > LEAST) {
    change("", () => shape.points.splice(k, 1));
    sheet.querySelector(`[data-corner="${Math.min(k, shape.points.length - 1)}"]`)?.focus();
  } else if (event.key === "Escape") {
    list.children[chosen]?.querySelector(".corners")?.focus();
  } else return;
  event.preventDefault();
}

function listed(shape, index) {
  const item = row.content.firstElementChild.cloneNode(true);
  item.className = `${shape.what}${index === chosen ? " chosen" : ""}`;
  item.querySelector(".what").textContent = say[shape.what];
  const name = item.querySelector(".name");
  name.hidden = shape.what === "mask";
  const input = name.querySelector("input");
  input.disabled = shape.what === "mask";
  input.value = shape.name;
  input.addEventListener("change", () => change("", () => { shape.name = input.value.trim(); }));
  const kinds = [...item.querySelectorAll("[type=checkbox]")];
  const words = kinds.filter((one) => shape.kinds.includes(one.value)).map((one) => one.parentElement.textContent.trim());
  item.querySelector("summary").textContent = words.length ? words.join(" · ") : say.every;
  for (const one of kinds) {
    one.checked = shape.kinds.includes(one.value);
    one.addEventListener("change", () => change(`kinds ${index}`, () => {
      shape.kinds = kinds.filter((other) => other.checked).map((other) => other.value);
    }));
  }
  item.querySelector("details").open = openKinds === index;
  item.querySelector("summary").addEventListener("click", () => { openKinds = openKinds === index ? -1 : index; });
  item.querySelector(".corners").addEventListener("click", () => { chosen = index; show(); sheet.querySelector("[data-corner]")?.focus(); });
  item.querySelector(".remove").addEventListener("click", () => {
    change("", () => { shapes.splice(index, 1); chosen = -1; });
    (list.children[Math.min(index, shapes.length - 1)]?.querySelector(".remove") ?? document.getElementById("add-zone")).focus();
  });
  return item;
}
let openKinds = -1;

function fit() {
  if (fitTo(document.getElementById("picture"), sheet)) show();
}

function start() {
  shapes = read(editor.dataset.drawing);
  isDirty = Boolean(editor.dataset.typed);
  sheet.setAttribute("tabindex", "-1");
  for (const what of ["zone", "mask"]) document.getElementById(`add-${what}`)?.addEventListener("click", () => begin(what));
  document.getElementById("undo").addEventListener("click", () => travel(past, future));
  document.getElementById("redo").addEventListener("click", () => travel(future, past));
  sheet.addEventListener("pointerdown", (event) => {
    if (!draft) { if (event.target === sheet) { chosen = -1; show(); } return; }
    event.preventDefault();
    draft.points.push(placeOf(event));
    show();
  });
  sheet.addEventListener("dblclick", () => { if (draft?.points.length >= LEAST) finish(); });
  addEventListener("keydown", (event) => {
    if (draft && event.key === "Enter") { event.preventDefault(); finish(); return; }
    if (draft && event.key === "Escape") { draft = null; tell(""); show(); return; }
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input")) return;
    if (event.key === "z" && !event.shiftKey) { event.preventDefault(); travel(past, future); }
    if (event.key === "y" || (event.key === "z" && event.shiftKey)) { event.preventDefault(); travel(future, past); }
  });
  form.addEventListener("submit", () => { form.drawing.value = written(); isSending = true; });
  addEventListener("beforeunload", (event) => { if (isDirty && !isSending) event.preventDefault(); });
  document.addEventListener("arrived", (event) => { if (isDirty || draft) { event.preventDefault(); renew(); } });
  document.getElementById("picture")?.addEventListener("load", fit);
  addEventListener("resize", show);
  fit();
  show();
}

// A new picture came while something is being drawn: only the picture changes.
async function renew() {
  const text = await (await fetch(location.href, { headers: { Accept: "text/html" } })).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const picture = fresh.getElementById("picture");
  if (!picture) return;
  (document.getElementById("picture") ?? document.querySelector(".view .blank")).replaceWith(picture);
  document.querySelector(".asking").replaceWith(fresh.querySelector(".asking"));
  picture.addEventListener("load", fit);
}

if (editor) start();
