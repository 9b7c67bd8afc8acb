// The wall keeps itself fresh, at most once a second, and says when it no longer can.
import { showAges } from "./ages.js";

const cut = document.getElementById("cut");
let lastId = document.body.dataset.change;
let timer = null;
let source = null;
let isAsking = false;
let isOld = false;
const AGAIN_MS = 3000;

async function show() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rows = page.getElementById("rows");
  showAges(rows);
  document.getElementById("rows").replaceWith(rows);
  return true;
}

// One at a time: of two answers on their way the older could come last, and stay.
async function refresh() {
  [timer, isAsking, isOld] = [null, true, false];
  const isShown = await show().catch(() => false);
  isAsking = false;
  cut.hidden = isShown && source.readyState === EventSource.OPEN;
  if (!isShown) setTimeout(soon, AGAIN_MS); else if (isOld) soon();
}

function soon() { if (isAsking) isOld = true; else timer ??= setTimeout(refresh, 1000); }

function listen() {
  const address = new URLSearchParams(document.body.dataset.filter);
  address.set("after", lastId);
  source = new EventSource(`/live?${address}`);
  source.onopen = soon;
  source.onerror = () => {
    cut.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
  source.addEventListener("rows", (event) => { lastId = event.lastEventId || lastId; soon(); });
}

listen();
addEventListener("pagehide", () => source.close());
