// The case page: live clocks, and a quiet reload when the case changes while nobody is filling in a form.
import { now } from "./ages.js";
import "./player.js";

const page = document.getElementById("case");
const source = new EventSource(`/live/cases/${page.dataset.case}?after=${page.dataset.change}`);
const stale = document.getElementById("stale");
let timer = null;
const isBusy = () => document.getElementById("player").dataset.busy || document.querySelector("dialog[open]") || [...document.querySelectorAll("main form input:not([type=hidden]), main form textarea")].some((field) => field.value !== field.defaultValue);
// What the service noted about the case may be nothing that the page shows: then it is left as it is. Who began to do
// something meanwhile is left alone too.
async function renew() {
  timer = null;
  const asked = fetch(`/cases/${page.dataset.case}`, { headers: { Accept: "text/html" } });
  const text = await asked.then((answer) => answer.text()).catch(() => null);
  if (text === null) { again(3000); return; }
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("case");
  if (fresh?.dataset.shown === page.dataset.shown) return;
  if (isBusy()) stale.hidden = false; else location.reload();
}
const again = (inMs) => { timer ??= setTimeout(renew, inMs); };
source.addEventListener("changed", () => again(1000));
addEventListener("pagehide", () => source.close());

for (const line of document.querySelectorAll("[data-until]")) {
  const left = new Date(line.dataset.until) - now();
  if (left <= 0) line.hidden = true;
  else setTimeout(() => { line.hidden = true; }, left);
}

for (const button of document.querySelectorAll(".now")) {
  button.addEventListener("click", async () => (await import("./looking.js")).lookAt(page.dataset.case, button.dataset.camera, button.dataset.camera));
}

// Deadline clocks: how long is left, or how long it has been over, by the server's clock.
const two = (value) => String(value).padStart(2, "0");
function tick() {
  for (const clock of document.querySelectorAll("[data-due]")) {
    const left = Math.round((Date.parse(clock.dataset.due) - now()) / 1000);
    const seconds = Math.abs(left);
    const days = Math.floor(seconds / 86400);
    clock.textContent = `${left < 0 ? "+" : ""}${days ? `${days} d ` : ""}${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    clock.classList.toggle("over", left < 0);
    clock.classList.toggle("soon", left >= 0 && left < 3600);
  }
}
tick();
setInterval(tick, 1000);
