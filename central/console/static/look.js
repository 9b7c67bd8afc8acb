// Show me now: a fresh, redacted picture of the camera that saw the case last, asked of its node.
import { inform, problemOf, send } from "./decisions.js";
import { say, titleOf } from "./rows.js";

const dialog = document.getElementById("look");
const line = dialog.querySelector(".state");
const bar = dialog.querySelector("progress");
const image = dialog.querySelector("img");
const EVERY_MS = 700;
let asked = null;

function end(text) {
  line.textContent = text;
  bar.hidden = true;
}

async function follow(id, request, startedAt) {
  if (asked !== request.request_id || !dialog.open) return;
  const lastsMs = 60000;
  bar.value = Math.min(1, (performance.now() - startedAt) / lastsMs);
  const answer = await send(`cases/${id}/looks/${request.request_id}`, "GET");
  const found = answer?.ok ? await answer.json() : null;
  if (found?.is_here) {
    image.src = `/api/v1/cases/${id}/looks/${request.request_id}/picture`;
    image.hidden = false;
    const at = found.captured_at ? new Date(found.captured_at).toLocaleTimeString(document.documentElement.lang) : "";
    end(`${found.camera} ${at}`);
    return;
  }
  if (found && found.state !== "open") { end(`${say[`look_${found.state}`] ?? found.state} ${found.reason}`); return; }
  if (answer && !answer.ok) { end(`${say.refused} ${await problemOf(answer)}`); return; }
  setTimeout(() => follow(id, request, startedAt), EVERY_MS);
}

export async function look([card]) {
  const id = card.dataset.case;
  dialog.querySelector("h2").textContent = titleOf(card);
  image.hidden = true;
  bar.hidden = false;
  bar.value = 0;
  line.textContent = say.look_waits;
  dialog.showModal();
  const answer = await send(`cases/${id}/looks`, "POST", {});
  if (!answer?.ok) { end(`${say.refused} ${await problemOf(answer)}`); inform(say.look_failed, "bad"); return; }
  const request = await answer.json();
  asked = request.request_id;
  follow(id, request, performance.now());
}
