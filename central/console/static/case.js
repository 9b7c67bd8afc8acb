// The case page: boxes on and off, and a quiet reload when the case changes while nobody is filling in a form.
import "./ages.js";

const page = document.getElementById("case");
const boxes = document.getElementById("show-boxes");
boxes?.addEventListener("change", () => page.classList.toggle("no-boxes", !boxes.checked));

const source = new EventSource(`/live/cases/${page.dataset.case}?after=${page.dataset.change}`);
let timer = null;
source.addEventListener("changed", () => {
  if (document.activeElement?.closest("form")) return;
  timer ??= setTimeout(() => location.reload(), 1500);
});
addEventListener("pagehide", () => source.close());

for (const line of document.querySelectorAll("[data-until]")) {
  const left = new Date(line.dataset.until) - Date.now();
  if (left <= 0) line.hidden = true;
  else setTimeout(() => (line.hidden = true), left);
}
