// What the last days' findings say about other numbers, as they are typed.
const form = document.getElementById("policies");
const say = JSON.parse(form.dataset.words);
const SOON_MS = 350;

for (const part of form.querySelectorAll("details[data-seen]")) {
  const seen = part.dataset.seen;
  const field = (name) => form.elements[`${seen}.${name}`];
  const told = part.querySelector(".weighed");
  let timer = null;

  const weigh = async () => {
    const asked = new URLSearchParams({ seen, present_after_s: field("present_after_s").value || 0, confirm_score: field("confirm_score").value || 0 });
    const answer = await fetch(`/fleet/nodes/${form.dataset.node}/policies/weighed?${asked}`).catch(() => null);
    if (!answer?.ok) { told.textContent = ""; return; }
    const found = await answer.json();
    const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => found[name]);
    const parts = [fill(found.findings ? say.findings : say.nothing)];
    if (found.findings && found.dropped) parts.push(fill(say.dropped));
    const isLower = ["present_after_s", "confirm_score"].some((name) => Number(field(name).value) < Number(field(name).dataset.was));
    if (isLower) parts.push(say.unknown);
    told.textContent = parts.join(" ");
  };

  const soon = () => { clearTimeout(timer); timer = setTimeout(weigh, SOON_MS); };
  for (const name of ["present_after_s", "confirm_score"]) field(name).addEventListener("input", soon);
  part.addEventListener("toggle", () => { if (part.open) soon(); });
  if (part.open) soon();
}
