// Storm mode: more than ten alerts of one kind at one place within ten minutes stand behind the first of them. The
// count is always on it, and G (or the button) shows them all. What is decided
// stands by itself: nothing that still waits is hidden behind it.
const live = document.getElementById("live");
const say = JSON.parse(document.getElementById("feed").dataset.words);
const MOST = 10;
const WINDOW_MS = 600000;
const WAITING = new Set(["observing", "pending_review"]);
const unfolded = new Set();

function stormOf(group) {
  const inTime = [...group].sort((one, other) => one.time - other.time);
  const members = new Set();
  for (let at = 0; at + MOST < inTime.length; at += 1) {
    if (inTime[at + MOST].time - inTime[at].time > WINDOW_MS) continue;
    for (const entry of inTime.slice(at, at + MOST + 1)) members.add(entry.card);
  }
  return members;
}

function button(key, count) {
  const made = document.createElement("button");
  made.className = "storm";
  made.textContent = `${count} ${unfolded.has(key) ? say.storm_shown : say.storm_folded}`;
  made.setAttribute("aria-expanded", String(unfolded.has(key)));
  made.addEventListener("click", () => toggle(key));
  return made;
}

export function regroup() {
  const groups = new Map();
  for (const card of live.querySelectorAll(".card")) {
    card.classList.remove("folded");
    card.querySelector(".storm")?.remove();
    if (!WAITING.has(card.dataset.state)) continue;
    const key = `${card.dataset.what}|${card.dataset.place}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push({ card, time: Date.parse(card.dataset.first) });
  }
  for (const [key, group] of groups) {
    const members = group.length > MOST ? stormOf(group) : new Set();
    if (!members.size) continue;
    const first = group.find((entry) => members.has(entry.card)).card;
    first.dataset.storm = key;
    first.append(button(key, members.size));
    if (unfolded.has(key)) continue;
    for (const card of members) if (card !== first && !card.classList.contains("open")) card.classList.add("folded");
  }
}

export function toggle(key) {
  if (unfolded.has(key)) unfolded.delete(key); else unfolded.add(key);
  regroup();
}

export const keyOf = (card) => `${card.dataset.what}|${card.dataset.place}`;
regroup();
