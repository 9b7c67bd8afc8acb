// Fills in a known target, and looks again while some node is on its way.
const form = document.getElementById("start");
document.getElementById("known")?.addEventListener("change", (event) => {
  const chosen = event.target.selectedOptions[0].dataset;
  for (const [field, value] of [["name", chosen.name], ["version", chosen.version], ["sha256", chosen.sha256], ["size_bytes", chosen.size]]) {
    if (form.elements[field] && value) form.elements[field].value = value;
  }
});

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const ways = document.getElementById("ways");
  if (answer?.ok && !ways.contains(document.activeElement)) {
    ways.replaceWith(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("ways"));
  }
  if (document.querySelector("[data-moving]")) setTimeout(look, 3000);
}

if (document.querySelector("[data-moving]")) setTimeout(look, 3000);
