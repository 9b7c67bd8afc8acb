// Merge, split, assign: what concerns several cases, or another person. Loaded when first asked for.
import { decide, inform, problemOf, send } from "./decisions.js";
import { preview } from "./keys.js";
import { say, titleOf, unmarkSent, unpick } from "./rows.js";

const parting = document.getElementById("parting");
const giving = document.getElementById("giving");
let people = null;
let about = [];

const idsOf = (found) => found.map((card) => card.dataset.case);
const namesOf = (found) => (found.length === 1 ? titleOf(found[0]) : `${found.length} ${say.cases}`);

async function carryOut(path, body, found, text) {
  const decided = { path, body, text, title: namesOf(found), ids: idsOf(found) };
  inform(`${text}: ${decided.title}`, "good");
  unpick();
  const answer = await decide(decided);
  const refused = Object.values(answer?.refused ?? {});
  decided.ids.forEach(unmarkSent);
  if (refused.length) inform(`${say.refused} ${refused.length} ${say.cases}: ${refused[0]}`, "bad");
}

// They become one with the oldest of them; where that is refused (two kinds of things), it says why.
export function merge(found) {
  if (found.length < 2) { inform(say.merge_hint); return; }
  const [oldest] = idsOf(found).sort();
  preview(found, say.merged, () => carryOut("bulk/merge", { cases: idsOf(found), into: oldest, note: "" }, found, say.merged));
}

export async function split([card]) {
  const answer = await send(`cases/${card.dataset.case}`, "GET");
  if (!answer?.ok) { inform(`${say.refused} ${await problemOf(answer)}`, "bad"); return; }
  const seen = (await answer.json()).observations;
  if (seen.length < 2) { inform(say.split_one, "bad"); return; }
  about = [card];
  parting.querySelector(".incidents").replaceChildren(...seen.map((one, number) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = one.incident_id;
    box.autofocus = number === 0;
    const when = new Date(one.first_seen_at).toLocaleTimeString(document.documentElement.lang);
    label.append(box, ` ${one.camera_id} · ${parting.dataset[`seen_${one.seen}`] ?? one.seen} · ${when}`);
    return label;
  }));
  parting.returnValue = "";
  parting.showModal();
}

export async function assign(found) {
  if (!people) {
    const answer = await send("bulk/assign", "GET");
    if (!answer?.ok) { inform(`${say.refused} ${await problemOf(answer)}`, "bad"); return; }
    people = await answer.json();
    giving.querySelector("select").append(...people.map((name) => new Option(name, name)));
    giving.querySelector("select").value = people[0];
  }
  about = found;
  giving.querySelector(".count").textContent = namesOf(found);
  giving.returnValue = "";
  giving.showModal();
}

parting.addEventListener("close", () => {
  const incidents = [...parting.querySelectorAll("input:checked")].map((box) => box.value);
  if (parting.returnValue !== "split" || !incidents.length) return;
  carryOut(`cases/${about[0].dataset.case}/split`, { incidents, note: "" }, about, say.split);
});
giving.addEventListener("close", () => {
  const person = giving.querySelector("select").value || null;
  if (giving.returnValue === "assign") carryOut("bulk/assign", { cases: idsOf(about), person, note: "" }, about, `${say.assigned} ${person ?? "–"}`);
});
