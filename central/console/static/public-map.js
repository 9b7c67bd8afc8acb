// For everybody: where trade is welcome. Shows what the public GeoJSON tells and nothing else.
import { background, element, get, inWords, makeMap, middle } from "./map-base.js";

const L = window.L;
const page = document.getElementById("map-page");
const say = JSON.parse(page.dataset.words);
const picked = document.getElementById("picked");
const places = document.getElementById("list-places");
const find = document.getElementById("find");
const map = makeMap("map", say);
const known = new Map();

function choose(id, isFromList = false) {
  const { feature, layer } = known.get(id);
  const it = feature.properties;
  const facts = [[say.kind, inWords(it.kind_name)], [say.hours, it.hours], [say.capacity, it.capacity], [say.goods, it.goods.join(", ")], [say.plaque, it.plaque], [say.layer_area, inWords(it.area)]];
  const lines = facts.filter(([, text]) => text).map(([name, text]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: text })));
  picked.replaceChildren(element("h2", { textContent: inWords(it.name) }), element("dl", { className: "facts" }, ...lines));
  picked.hidden = false;
  if (isFromList) map.setView(middle(layer), 17.5, { animate: false });
}

function list() {
  const wanted = find.value.trim().toLowerCase();
  const found = [...known].filter(([, { feature: { properties: it } }]) => [inWords(it.name), inWords(it.kind_name), inWords(it.area), ...it.goods].join(" ").toLowerCase().includes(wanted));
  places.replaceChildren(...found.map(([id, { feature: { properties: it } }]) => {
    const button = element("button", { type: "button" }, element("i", { className: "swatch zone welcome" }), element("span", {}, element("b", { textContent: inWords(it.name) }), element("small", { textContent: `${inWords(it.kind_name)} · ${it.hours}` })));
    button.addEventListener("click", () => choose(id, true));
    return element("li", {}, button);
  }));
  document.getElementById("no-places").hidden = found.length > 0;
}

async function begin() {
  const area = encodeURIComponent(page.dataset.area);
  const [ground, outlines, found] = await Promise.all([background(page).catch(() => null), get(`/public/map/areas?area=${area}`), get(`/api/v1/public/map?area=${area}`)]);
  ground?.layer.addTo(map);
  const around = L.geoJSON(outlines, { pane: "areas", interactive: false, style: ({ properties: it }) => ({ className: `area ${it.level}` }) }).addTo(map);
  const zones = L.geoJSON(found, { pane: "zones", style: () => ({ className: "zone welcome" }), onEachFeature: (feature, layer) => {
    known.set(String(feature.id), { feature, layer });
    layer.bindTooltip(inWords(feature.properties.name)).on("click", () => choose(String(feature.id)));
  } }).addTo(map);
  list();
  const bounds = [around, zones].map((layer) => layer.getBounds()).find((one) => one.isValid()) ?? ground?.bounds;
  if (bounds) map.fitBounds(bounds, { padding: [20, 20], animate: false }); else map.setView([36.8135, 118.0548], 14);
  page.dataset.ready = "yes";
}
find.addEventListener("input", list);
begin();
