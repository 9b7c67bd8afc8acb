// Asks for the original of a redacted picture: a reason first, the log next, the picture last. Nothing of it is stored.
import { told } from "./told.js";

const dialog = document.getElementById("revealing");
const word = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const EVERY_MS = 2000;
let about = null;

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium", timeZone: document.getElementById("player").dataset.zone });

export function hide(frame, redraw) {
  URL.revokeObjectURL(frame.original);
  frame.original = null;
  redraw();
}

async function open({ id, frame, say, redraw }, reason) {
  const line = frame.button.closest(".lane").querySelector(".proof");
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": word };
  const body = JSON.stringify({ sha256: frame.sha, reason });
  line.textContent = say.reveal_waits;
  const answer = await fetch(`/api/v1/cases/${id}/originals`, { method: "POST", headers, body }).catch(() => null);
  if (answer?.status === 200) { frame.original = URL.createObjectURL(await answer.blob()); redraw(); return; }
  const said = await answer?.json().catch(() => null);
  if (answer?.status === 202) { await arrived(`/api/v1/cases/${id}/looks/${said.request_id}`, line, say, () => open({ id, frame, say, redraw }, reason)); return; }
  line.textContent = `${say.reveal_refused} ${said?.detail ?? answer?.status ?? ""}`;
}

// The node has to send it first: whether it did is asked for, not whether it may be opened.
async function arrived(path, line, say, again) {
  const answer = await fetch(path).catch(() => null);
  const found = answer?.ok ? await answer.json() : null;
  if (found?.is_here) return again();
  if (found && found.state !== "open") { line.textContent = `${say.reveal_refused} ${say[`reveal_${found.state}`] ?? ""} ${told(found, "reason")}`; return null; }
  if (found) line.textContent = found.is_node_online ? say.reveal_waits : `${say.reveal_away} ${found.node_id} · ${say.reveal_until} ${clock.format(new Date(found.expires_at))}`;
  return setTimeout(() => arrived(path, line, say, again), EVERY_MS);
}

export function reveal(id, frame, say, redraw) {
  about = { id, frame, say, redraw };
  dialog.querySelector("textarea").value = "";
  dialog.returnValue = "";
  dialog.showModal();
}

dialog?.addEventListener("close", () => {
  const reason = dialog.querySelector("textarea").value.trim();
  if (dialog.returnValue === "reveal" && reason) open(about, reason);
});
