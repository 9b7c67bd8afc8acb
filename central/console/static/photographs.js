// Officers' photographs on the case page: coarse, until a person with the right has said why the clear one must be seen.
import { reveal } from "./reveal.js";

const panel = document.getElementById("photographs");
const say = JSON.parse(panel.dataset.words);

for (const image of panel.querySelectorAll("img[data-missing]")) {
  const lost = () => {
    const words = document.createElement("p");
    words.className = "no-picture";
    words.textContent = image.dataset.missing;
    image.replaceWith(words);
  };
  if (image.complete && image.naturalWidth === 0 && image.currentSrc) lost();
  else image.addEventListener("error", lost, { once: true });
}

for (const button of panel.querySelectorAll(".reveal")) {
  const lane = button.closest(".lane");
  const image = lane.querySelector("img");
  const frame = { button, sha: button.dataset.sha, original: null };
  button.addEventListener("click", () => reveal(panel.dataset.case, frame, say, () => {
    image.src = frame.original;
    lane.querySelector(".proof").textContent = say.unredacted;
    button.remove();
  }));
}
