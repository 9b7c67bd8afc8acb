// Waits for what a node still has to say: a picture that was asked for, or what it makes of a new bundle.
import "./ages.js";

const waiting = document.querySelector("[data-request]");
const settling = document.querySelector("[data-settling]");
const PATIENCE_MS = 300_000;
const began = Date.now();

async function isThere() {
  const answer = await fetch(`/api/v1/fleet/requests/${waiting.dataset.request}`).catch(() => null);
  return answer?.ok && (await answer.json()).state !== "open";
}

async function isSettled() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return !page.querySelector("[data-settling]");
}

async function look() {
  if (waiting ? await isThere() : await isSettled()) {
    document.dispatchEvent(new CustomEvent("arrived", { cancelable: true })) && location.reload();
    return;
  }
  if (Date.now() - began < PATIENCE_MS) setTimeout(look, waiting ? 1000 : 2000);
}

if (waiting || settling) setTimeout(look, 1000);
