// The ground beside the picture: the site's zones and the points, on a map without tiles. Where Leaflet is missing the
// points are typed.
import { background } from "./map-base.js";

export function groundMap(holder, page, onClick, onMove) {
  const facts = page.dataset;
  const { L } = window;
  if (!L) { holder.hidden = true; return null; }
  const map = L.map(holder, { zoomControl: true, attributionControl: false, maxZoom: 23, minZoom: 10, zoomSnap: 0.25 });
  L.control.scale({ imperial: false }).addTo(map);
  map.createPane("base").style.zIndex = 210;
  background(page).then((found) => found?.layer.addTo(map)).catch(() => {});
  const outlines = JSON.parse(facts.outlines).map((corners) => L.polygon(corners, { className: "outline", interactive: false }).addTo(map));
  const marks = L.layerGroup().addTo(map);
  const home = [Number(facts.lat), Number(facts.lon)];
  L.circleMarker(home, { radius: 3, className: "home", interactive: false }).addTo(map);
  let isNear = false;
  const near = L.latLngBounds([home]).pad(0);
  for (const outline of outlines) if (outline.getBounds().getNorthEast().distanceTo(outline.getBounds().getSouthWest()) < 400) near.extend(outline.getBounds());
  map.fitBounds(near.pad(0.3), { maxZoom: 20 });
  map.on("click", (event) => onClick(event.latlng.lat, event.latlng.lng));
  return { show };

  function show(points, chosen, camera) {
    marks.clearLayers();
    points.forEach((point, index) => {
      if (!Number.isFinite(point.lat)) return;
      const icon = L.divIcon({ className: `ground-mark${index === chosen ? " chosen" : ""}`, html: "", iconSize: [26, 26] });
      const mark = L.marker([point.lat, point.lon], { icon, draggable: true, keyboard: false, title: point.name || String(index + 1) }).addTo(marks);
      mark.getElement().textContent = index + 1;
      mark.on("dragend", () => { const at = mark.getLatLng(); onMove(index, Number(at.lat.toFixed(7)), Number(at.lng.toFixed(7))); });
    });
    if (camera) L.circleMarker(camera, { radius: 7, className: "lens", interactive: false }).addTo(marks);
    const placed = points.filter((point) => Number.isFinite(point.lat)).map((point) => [point.lat, point.lon]);
    const everything = camera ? [...placed, camera] : placed;
    if (placed.length >= 2 && !everything.every((place) => map.getBounds().contains(place))) map.fitBounds(L.latLngBounds(everything).pad(0.2), { maxZoom: 21 });
    else if (placed.length >= 2 && !isNear) map.fitBounds(L.latLngBounds(everything).pad(0.2), { maxZoom: 21 });
    isNear ||= placed.length >= 2;
  }
}
