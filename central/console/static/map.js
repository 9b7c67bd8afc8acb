// The control room's map. Layers come as GeoJSON, cases stay fresh by server-sent events, the list beside the map does
// everything that a mouse can: what is chosen there is shown and told here.
import { background, element, get, inWords, makeMap, mark, middle, serverNow } from "./map-base.js";

const L = window.L;
const page = document.getElementById("map-page");
const say = JSON.parse(page.dataset.words);
const words = JSON.parse(page.dataset.spoken);
const picked = document.getElementById("picked");
const find = document.getElementById("find");
const heat = document.getElementById("heat");
const map = makeMap("map", say);
const MOST_ROWS = 200;
const WELCOME = new Set(["vendor_guide_zone", "vendor_cluster", "convenience_market", "bbq_site", "recycling_zone"]);
const age = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const layers = {};
const things = { cases: new Map(), cameras: new Map(), zones: new Map() };
const reasons = L.layerGroup().addTo(map);
let chosen = null;

const ago = (instant) => {
  const minutes = Math.round((Date.parse(instant) - serverNow()) / 60000);
  return Math.abs(minutes) < 60 ? age.format(Math.min(0, minutes), "minute") : Math.abs(minutes) < 2880 ? age.format(Math.round(minutes / 60), "hour") : age.format(Math.round(minutes / 1440), "day");
};
const titleOf = {
  cases: ({ properties: it }) => inWords(it.kind) || words["seen."][it.seen],
  cameras: ({ properties: it }) => inWords(it.name),
  zones: ({ properties: it }) => inWords(it.name),
};
const noteOf = {
  cases: ({ properties: it }) => [words["severity."][it.severity], words["state."][it.state], inWords(it.zone), ago(it.last_seen_at)],
  cameras: ({ id, properties: it }) => [id, say[`health.${it.health}`], it.place],
  zones: ({ properties: it }) => [say[`zone.${it.kind}`], say[it.is_open ? "zone_open" : "zone_closed"]],
};

// Layers

function caseMarker(feature, at) {
  const icon = L.divIcon({ className: "case-mark", html: mark(feature.properties.severity), iconSize: [24, 24] });
  return L.marker(at, { icon, keyboard: false, pane: "markerPane" });
}

const drawn = {
  areas: { pane: "areas", interactive: false, style: ({ properties: it }) => ({ className: `area ${it.level}` }) },
  zones: { pane: "zones", style: ({ properties: it }) => ({ className: `zone ${WELCOME.has(it.kind) ? "welcome" : "ban"}${it.is_open ? "" : " shut"}` }) },
  permits: { pane: "permits", style: () => ({ className: "permit" }), pointToLayer: (_, at) => L.circleMarker(at, { pane: "permits", radius: 5 }) },
  cameras: { pane: "cameras", style: ({ properties: it }) => ({ className: `camera ${it.health}` }), pointToLayer: (_, at) => L.circleMarker(at, { pane: "cameras", radius: 6 }) },
  cases: { pointToLayer: caseMarker },
};

function entry(what, feature, layer) {
  things[what]?.set(String(feature.id), { feature, layer });
  if (layer && what !== "permits") layer.on("click", () => choose(what, String(feature.id)));
  if (layer && what === "permits") layer.bindTooltip(() => `${say[`permit.${feature.properties.kind}`]} ${feature.id}${feature.properties.until ? ` · ${say.until} ${feature.properties.until}` : ""}`);
  else if (layer && titleOf[what]) layer.bindTooltip(() => [titleOf[what](feature), ...noteOf[what](feature)].filter(Boolean).join(" · "));
}

// Where a camera hangs that is drawn as a sector: seen from far off a sector is a speck.
function lens({ id, properties: it }) {
  const [lon, lat] = it.at;
  return L.circleMarker([lat, lon], { pane: "cameras", radius: 4, className: `camera ${it.health}` }).on("click", () => choose("cameras", String(id)));
}

function take(what, found) {
  things[what]?.clear();
  const box = document.querySelector(`[data-layer="${what}"]`);
  const isShown = layers[what] ? map.hasLayer(layers[what]) : box.checked;
  layers[what]?.remove();
  layers[what] = L.geoJSON(found.features.filter((one) => one.geometry), { ...drawn[what], onEachFeature: (feature, layer) => entry(what, feature, layer) });
  for (const feature of found.features) if (!feature.geometry) entry(what, feature, null);
  if (what === "cameras") for (const feature of found.features) if (feature.geometry?.type === "Polygon") lens(feature).addTo(layers[what]);
  if (isShown) layers[what].addTo(map);
  list(what);
}

// The list

function row(what, id, { feature }) {
  const button = element("button", { type: "button" });
  if (what === "cases") button.append(mark(feature.properties.severity));
  else button.append(element("i", { className: `swatch ${what === "cameras" ? `camera ${feature.properties.health}` : `zone ${WELCOME.has(feature.properties.kind) ? "welcome" : "ban"}`}` }));
  button.append(element("span", {}, element("b", { textContent: titleOf[what](feature) }), element("small", { textContent: noteOf[what](feature).filter(Boolean).join(" · ") })));
  button.dataset.thing = id;
  if (chosen?.what === what && chosen.id === id) button.setAttribute("aria-current", "true");
  return element("li", {}, button);
}

function list(what) {
  const target = document.getElementById(`list-${what}`);
  if (!target) return;
  const wanted = find.value.trim().toLowerCase();
  const all = [...things[what]].sort(what === "cases" ? (one, other) => other[1].feature.properties.severity - one[1].feature.properties.severity || (other[0] < one[0] ? -1 : 1) : () => 0);
  const found = wanted ? all.filter(([id, one]) => [id, titleOf[what](one.feature), ...noteOf[what](one.feature)].join(" ").toLowerCase().includes(wanted)) : all;
  const focused = target.contains(document.activeElement) ? document.activeElement.dataset.thing : null;
  target.replaceChildren(...found.slice(0, MOST_ROWS).map(([id, one]) => row(what, id, one)));
  if (found.length > MOST_ROWS) target.append(element("li", { className: "hint", textContent: `${say.more} ${found.length - MOST_ROWS}` }));
  document.getElementById(`count-${what}`).textContent = found.length;
  if (focused) target.querySelector(`[data-thing="${CSS.escape(focused)}"]`)?.focus();
}

for (const what of Object.keys(things)) {
  document.getElementById(`list-${what}`).addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(what, button.dataset.thing, true);
  });
}
find.addEventListener("input", () => Object.keys(things).forEach(list));

// What is chosen

const links = {
  cases: (id) => [[`/cases/${id}`, say.to_case]],
  cameras: (id, it) => [...(it.view ? [] : [[`/registers/cameras/row?${it.is_registered ? "key" : "new"}=${encodeURIComponent(id)}`, say.to_view]]), [`/fleet/cameras/${encodeURIComponent(id)}`, say.to_camera], [`/?camera=${encodeURIComponent(id)}`, say.to_cases]],
  zones: (id) => [[`/registers/zones/row?key=${encodeURIComponent(id)}`, say.to_zone]],
};

function tell(title, facts, targets) {
  const lines = facts.filter(([, text]) => text !== null && text !== undefined && text !== "").map(([name, text]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: text })));
  const ways = element("p", { className: "ways" }, ...targets.map(([href, text]) => element("a", { href, textContent: text })));
  const close = element("button", { type: "button", className: "quiet", textContent: say.close });
  close.addEventListener("click", () => choose(null));
  picked.replaceChildren(element("header", {}, element("h2", { textContent: title }), close), element("dl", { className: "facts" }, ...lines), ways);
  picked.hidden = false;
}

const factsOf = {
  cases: ({ properties: it }) => [[say.number, it.number], [say.severity, words["severity."][it.severity]], [say.state, words["state."][it.state]], [say.layer_zone, inWords(it.zone)], [say.last_seen, new Date(it.last_seen_at).toLocaleString(document.documentElement.lang, { timeZone: page.dataset.timezone, dateStyle: "short", timeStyle: "short" })]],
  cameras: ({ id, properties: it }) => [[say.number, id], [say.state, [say[`health.${it.health}`], it.state && words["camera."][it.state], it.condition && it.condition !== "clear" ? say[`condition.${it.condition}`] : ""].filter(Boolean).join(" · ")], [say.place, it.place], [say.view, say[`view.${it.view ?? "none"}`]], [say.last_frame, it.last_frame_at ? ago(it.last_frame_at) : ""]],
  zones: ({ id, properties: it }) => [[say.number, id], [say.kind, say[`zone.${it.kind}`]], [say.hours, it.hours], [say.state, say[it.is_open ? "zone_open" : "zone_closed"]], [say.capacity, it.capacity]],
};

let whyAsked = 0;
async function why(id) {
  const number = ++whyAsked;
  const found = await get(`/api/v1/map/cases/${id}`).catch(() => null);
  if (!found || number !== whyAsked || chosen?.id !== id) return;
  reasons.clearLayers();
  reasons.addLayer(L.geoJSON(found, { pane: "reasons", interactive: false, style: ({ properties: it }) => ({ className: `reason ${it.what}`, pane: "reasons" }) }));
  const sightings = found.features.filter((one) => one.properties.what === "sighting").map(({ properties: it }) => {
    const measure = it.distance_m === null ? "" : ` · ${it.distance_m} m${it.gate ? ` (${it.distance} / ${it.gate} σ)` : ""}`;
    return element("li", { textContent: `${words["seen."][it.seen]} · ${it.camera} · ${words["basis."][it.basis] ?? it.basis}${measure}` });
  });
  if (sightings.length) picked.append(element("h3", { textContent: say.why_one }), element("ul", {}, ...sightings));
}

function choose(what, id = null, isFromList = false) {
  reasons.clearLayers();
  chosen = what && { what, id };
  for (const button of document.querySelectorAll(".things [aria-current]")) button.removeAttribute("aria-current");
  const known = what && things[what].get(id);
  history.replaceState(null, "", known ? `?${what}=${encodeURIComponent(id)}` : location.pathname);
  if (!known) { picked.hidden = true; return; }
  document.querySelector(`#list-${what} [data-thing="${CSS.escape(id)}"]`)?.setAttribute("aria-current", "true");
  tell(titleOf[what](known.feature), factsOf[what](known.feature), links[what](id, known.feature.properties));
  if (!known.layer) picked.append(element("p", { className: "hint", textContent: say.no_place }));
  else if (isFromList) map.setView(middle(known.layer), Math.max(map.getZoom(), what === "zones" ? 17 : 18.5), { animate: false });
  if (what === "cases") why(id);
}

map.on("click", (event) => {
  const at = event.latlng;
  const asked = `lat=${at.lat.toFixed(6)}&lon=${at.lng.toFixed(6)}`;
  choose(null);
  tell(say.a_place, [[say.degrees, `${at.lat.toFixed(6)}, ${at.lng.toFixed(6)}`]], [[`/bring?${asked}`, say.bring_here], [`/silences?${asked}`, say.silence_here]]);
});

// Switches, heat, freshness

for (const box of document.querySelectorAll("[data-layer]")) {
  box.addEventListener("change", () => {
    const layer = layers[box.dataset.layer];
    if (layer) { if (box.checked) layer.addTo(map); else layer.remove(); } else if (box.checked) load(box.dataset.layer);
  });
}

async function showHeat() {
  layers.heat?.remove();
  if (!heat.value) return;
  const found = await get(`/api/v1/map/heat?days=${heat.value}`);
  const step = ({ properties: it }) => Math.min(4, Math.floor((5 * (it.cases - 1)) / Math.max(1, found.most)));
  layers.heat = L.geoJSON(found, { pane: "heat", style: (feature) => ({ className: `heat step-${step(feature)}` }), onEachFeature: ({ properties: it }, layer) => layer.bindTooltip(`${it.cases} ${say.cases_here}`) });
  layers.heat.addTo(map);
}
heat.addEventListener("change", showHeat);

async function load(what) { take(what, await get(`/api/v1/map/${what}`)); }

function takeCases(found) {
  take("cases", found);
  const note = document.getElementById("unplaced");
  note.hidden = !found.left_out && found.is_all;
  note.textContent = `${found.left_out ? `${found.left_out} ${say.left_out}` : ""} ${found.is_all ? "" : say.not_all}`;
}

const changed = new Set();
let timer = null;
// One at a time, or an older answer could come last; what could not be asked for is asked for again.
async function refresh() {
  const ids = [...changed].slice(0, 100);
  ids.forEach((id) => changed.delete(id));
  const found = await get(`/api/v1/map/cases?${ids.map((id) => `id=${id}`).join("&")}`).catch(() => null);
  timer = null;
  if (!found) { ids.forEach((id) => changed.add(id)); timer = setTimeout(refresh, 3000); return; }
  for (const id of ids) { things.cases.get(id)?.layer?.remove(); things.cases.delete(id); }
  const fresh = L.geoJSON(found, { ...drawn.cases, onEachFeature: (feature, layer) => entry("cases", feature, layer) });
  fresh.eachLayer((layer) => layers.cases.addLayer(layer));
  list("cases");
  if (chosen?.what === "cases" && ids.includes(chosen.id)) choose("cases", chosen.id);
  if (changed.size) soon();
}
function soon() { timer ??= setTimeout(refresh, 500); }

let camerasTimer = null;
let source = null;
let lastId = page.dataset.change;
function listen() {
  const connection = document.getElementById("connection");
  const state = (name) => { connection.className = `connection ${name}`; connection.lastElementChild.textContent = connection.dataset[name]; };
  source = new EventSource(`/api/v1/events/stream?after=${lastId}`);
  source.onopen = () => state("on");
  source.onerror = () => { state("off"); if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000); };
  source.addEventListener("case", (event) => { lastId = event.lastEventId || lastId; const summary = JSON.parse(event.data); if (summary) { changed.add(summary.id); soon(); } });
  source.addEventListener("node", (event) => { lastId = event.lastEventId || lastId; camerasTimer ??= setTimeout(() => { camerasTimer = null; load("cameras"); }, 5000); });
  source.addEventListener("reset", () => location.reload());
}
addEventListener("pagehide", () => source?.close());

async function begin() {
  const asked = new URLSearchParams(location.search);
  const [ground, first] = await Promise.all([background(page).catch(() => null), get("/api/v1/map/ground")]);
  for (const what of ["areas", "zones", "cameras"]) take(what, first[what]);
  takeCases(first.cases);
  if (ground) { layers.base = ground.layer; ground.layer.addTo(map); }
  const all = L.featureGroup(["areas", "cameras", "cases", "zones"].flatMap((what) => layers[what].getLayers()));
  const bounds = all.getLayers().length ? all.getBounds() : ground?.bounds;
  if (bounds?.isValid()) map.fitBounds(bounds, { padding: [20, 20], animate: false }); else map.setView([36.8135, 118.0548], 14);
  for (const what of Object.keys(things)) if (asked.has(what)) choose(what, asked.get(what), true);
  listen();
  page.dataset.ready = "yes";
}
begin();
