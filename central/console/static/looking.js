// Show me now: a fresh, redacted picture of a camera, asked of its node; what stands in the way is said while it waits.
import { told } from "./told.js";

const dialog = document.getElementById("look");
const say = JSON.parse(dialog.dataset.words);
const line = dialog.querySelector(".state");
const bar = dialog.querySelector("progress");
const image = dialog.querySelector("img");
const again = dialog.querySelector("[data-again]");
const word = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const EVERY_MS = 700;
const LASTS_MS = 60000;
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", timeZone: dialog.dataset.zone });
let asked = null;

const timeOf = (instant) => (instant ? clock.format(new Date(instant)) : "");

function end(text, isBad = false) {
  line.textContent = text;
  line.classList.toggle("bad", isBad);
  bar.hidden = true;
  again.hidden = false;
  asked = null;
}

// A node that is away and a camera without pictures are known before the minute is over.
function obstacle(found) {
  const { is_node_online: isOnline, node_id: node, node_heard_at: heard, camera, camera_state: state } = found;
  const why = told(found, "camera_reason");
  if (!isOnline) return ` · ${say.node_away} ${node}${heard ? ` (${say.heard} ${timeOf(heard)})` : ""}`;
  if (state && !["live", "starting"].includes(state)) return ` · ${say.camera_away} ${camera}${why ? ` (${why})` : ""}`;
  return "";
}

async function ask(path, method = "GET", body = undefined) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": word };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (answer?.ok) return said;
  end(`${say.refused} ${answer?.status === 401 ? say.signed_out : said?.detail ?? say.not_sent}`, true);
  return null;
}

function show(path, found) {
  const source = `${path}/${found.request_id}/picture`;
  if (image.getAttribute("src") !== source) image.src = source;
  image.hidden = false;
  image.alt = `${found.camera} ${timeOf(found.captured_at)}`;
}

async function follow(path, request, startedAt) {
  if (asked !== request || !dialog.open) return;
  bar.value = (performance.now() - startedAt) / LASTS_MS;
  const found = await ask(`${path}/${request}`);
  if (!found || asked !== request) return;
  if (found.is_here) show(path, found);
  if (found.is_here && found.state !== "open") { end(`${found.camera} · ${say.taken} ${timeOf(found.captured_at)}`); return; }
  if (found.state !== "open") { end(`${say[`state_${found.state}`] ?? say.state_failed}${obstacle(found) || ` ${told(found, "reason")}`}`, true); return; }
  line.textContent = `${say.waits} ${found.camera}${obstacle(found)}`;
  setTimeout(() => follow(path, request, startedAt), EVERY_MS);
}

async function begin(id, camera) {
  const path = `/api/v1/cases/${id}/looks`;
  image.hidden = true;
  image.removeAttribute("src");
  bar.hidden = false;
  bar.value = 0;
  again.hidden = true;
  line.classList.remove("bad");
  line.textContent = `${say.waits} ${camera ?? ""}`;
  const request = await ask(path, "POST", camera ? { camera } : {});
  if (!request) return;
  asked = request.request_id;
  follow(path, asked, performance.now());
}

export function lookAt(id, title, camera = null) {
  dialog.querySelector("h2").textContent = title;
  again.onclick = () => begin(id, camera);
  if (!dialog.open) dialog.showModal();
  begin(id, camera);
}

dialog.addEventListener("close", () => { asked = null; });
