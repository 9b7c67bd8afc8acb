// Where a camera hangs and looks, on the ground beside the form: the camera and the end of its view are dragged, or the
// four numbers are typed; each follows the other. Without Leaflet the numbers are typed.
import { background, get, makeMap } from "./map-base.js";

const holder = document.getElementById("camera-view");
const say = JSON.parse(holder.dataset.words);
const fields = Object.fromEntries(["lon", "lat", "heading_deg", "view_deg"].map((name) => [name, document.getElementById(`f-${name}`)]));
const REACH_M = 30, VIEW_DEG = 70, METRES_A_DEGREE = 111320;
const { L } = window;

const typed = (name) => (fields[name].value.trim() === "" ? null : Number(fields[name].value));

function ahead(from, bearing, metres) {
  const turn = (bearing * Math.PI) / 180;
  return [from[0] + (metres * Math.cos(turn)) / METRES_A_DEGREE, from[1] + (metres * Math.sin(turn)) / (METRES_A_DEGREE * Math.cos((from[0] * Math.PI) / 180))];
}

function bearing(from, to) {
  const east = (to.lng - from[1]) * Math.cos((from[0] * Math.PI) / 180);
  return (Math.round((Math.atan2(east, to.lat - from[0]) * 180) / Math.PI) + 360) % 360;
}

function start() {
  const map = makeMap(holder, say);
  const near = L.layerGroup().addTo(map);
  const own = L.layerGroup().addTo(map);
  background(holder).then((found) => found?.layer.addTo(map)).catch(() => {});
  const handle = (className, title) => L.marker([0, 0], { draggable: true, keyboard: false, title, icon: L.divIcon({ className: `view-handle ${className}`, html: "", iconSize: [24, 24] }) });
  const eye = handle("eye", say.eye), end = handle("end", say.end);

  function put(name, value) { fields[name].value = value; }

  function show() {
    own.clearLayers();
    const at = [typed("lat"), typed("lon")];
    if (at.some((value) => value === null || !Number.isFinite(value))) return;
    eye.setLatLng(at).addTo(own);
    const heading = typed("heading_deg"), width = typed("view_deg") ?? VIEW_DEG;
    end.setLatLng(ahead(at, heading ?? 0, REACH_M)).addTo(own);
    if (heading === null) return;
    const arc = [...Array(9).keys()].map((step) => ahead(at, heading - width / 2 + (width * step) / 8, REACH_M));
    L.polygon([at, ...arc], { pane: "cameras", className: "camera good", interactive: false }).addTo(own);
  }

  function move({ lat, lng }) { put("lat", lat.toFixed(7)); put("lon", lng.toFixed(7)); show(); }
  eye.on("drag", () => { const at = eye.getLatLng(); put("lat", at.lat.toFixed(7)); put("lon", at.lng.toFixed(7)); });
  eye.on("dragend", show);
  end.on("drag", () => put("heading_deg", bearing([typed("lat"), typed("lon")], end.getLatLng())));
  end.on("dragend", show);
  map.on("click", (event) => { if (typed("lat") === null || typed("lon") === null) move(event.latlng); else { put("heading_deg", bearing([typed("lat"), typed("lon")], event.latlng)); show(); } });
  for (const field of Object.values(fields)) field.addEventListener("input", show);
  for (const name of ["lat", "lon"]) fields[name].addEventListener("change", () => { if (own.hasLayer(eye) && (map.getZoom() < 17 || !map.getBounds().contains(eye.getLatLng()))) map.setView(eye.getLatLng(), 18, { animate: false }); });

  const layers = [["areas", ({ properties: it }) => ({ className: `area ${it.level}` })], ["zones", ({ properties: it }) => ({ className: `zone shut ${it.kind.includes("ban") ? "ban" : "welcome"}` })], ["cameras", ({ properties: it }) => ({ className: `camera ${it.health}` })]];
  Promise.all(layers.map(([name]) => get(`/api/v1/map/${name}`))).then((found) => {
    const seen = found.map((one, index) => L.geoJSON({ ...one, features: one.features.filter((feature) => feature.geometry && feature.id !== holder.dataset.camera) }, { pane: layers[index][0], interactive: false, style: layers[index][1], pointToLayer: (_, at) => L.circleMarker(at, { pane: "cameras", radius: 4, interactive: false }) }).addTo(near));
    if (typed("lat") === null) { const bounds = L.featureGroup(seen.flatMap((one) => one.getLayers())).getBounds(); if (bounds.isValid()) map.fitBounds(bounds, { animate: false }); }
    holder.dataset.ready = "yes";
  }).catch(() => { holder.dataset.ready = "yes"; });
  map.setView(typed("lat") === null ? [Number(holder.dataset.lat), Number(holder.dataset.lon)] : [typed("lat"), typed("lon")], 18);
  show();
}

if (L) start();
else holder.hidden = true;
