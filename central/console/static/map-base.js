// The ground of a map: Leaflet without tiles, and the background that somebody brought. Nothing asks another host.
const L = window.L;
const MOST_ZOOM = 22;

export function makeMap(element, say) {
  const map = L.map(element, { zoomControl: false, attributionControl: false, maxZoom: MOST_ZOOM, zoomSnap: 0.5 });
  L.control.zoom({ zoomInTitle: say.zoom_in, zoomOutTitle: say.zoom_out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  // From the ground up: what is clicked lies above what it stands on.
  ["base", "areas", "heat", "zones", "permits", "cameras", "reasons"].forEach((name, at) => {
    map.createPane(name).style.zIndex = 210 + 20 * at;
  });
  map.getPane("reasons").style.pointerEvents = "none";
  return map;
}

async function tiles(url) {
  const { pmtiles, protomapsL } = window;
  const archive = new pmtiles.PMTiles(url);
  const header = await archive.getHeader();
  const flavor = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const options = { url: archive, flavor, lang: document.documentElement.lang.slice(0, 2), pane: "base" };
  const isVector = header.tileType === pmtiles.TileType.Mvt;
  const layer = isVector ? protomapsL.leafletLayer(options) : pmtiles.leafletRasterLayer(archive, { pane: "base", maxNativeZoom: header.maxZoom, maxZoom: MOST_ZOOM });
  return { layer, bounds: L.latLngBounds([header.minLat, header.minLon], [header.maxLat, header.maxLon]) };
}

// The layer of the background and where it lies; null without one.
export async function background(page) {
  if (!page.dataset.base) return null;
  const { kind, corners } = JSON.parse(page.dataset.base);
  const url = new URL(page.dataset.baseUrl, location.href).href;
  if (kind === "pmtiles") return tiles(url);
  if (kind === "picture") {
    const bounds = L.latLngBounds([corners.south, corners.west], [corners.north, corners.east]);
    return { layer: L.imageOverlay(url, bounds, { pane: "base", className: "base-picture" }), bounds };
  }
  const layer = L.geoJSON(await get(url), { pane: "base", interactive: false, style: { className: "base-lines" }, pointToLayer: (_, at) => L.circleMarker(at, { pane: "base", radius: 2, className: "base-lines", interactive: false }) });
  return { layer, bounds: layer.getBounds() };
}

export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/geo+json" } });
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const said = Date.parse(answer.headers.get("Date"));
  if (Number.isFinite(said)) aheadMs = Date.now() - said;
  return answer.json();
}

// By the server's clock: a wrong one here makes nothing old or new.
let aheadMs = 0;
export const serverNow = () => Date.now() - aheadMs;

const isChinese = document.documentElement.lang.startsWith("zh");
export const inWords = (names) => (names ? (isChinese ? names.zh : names.en) : "");

export function element(tag, facts = {}, ...children) {
  const made = Object.assign(document.createElement(tag), facts);
  made.append(...children);
  return made;
}

export function mark(severity) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="mark severity-${Number(severity)}" viewBox="0 0 24 24" aria-hidden="true"><use href="#severity-${Number(severity)}"/></svg>`;
  return holder.content.firstChild;
}

export const middle = (layer) => (layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng());
