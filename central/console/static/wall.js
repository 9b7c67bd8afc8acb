// The wall keeps itself fresh, at most once a second, and says when it no longer can.
import { showAges } from "./ages.js";

const cut = document.getElementById("cut");
let lastId = document.body.dataset.change;
let timer = null;
let source = null;

async function refresh() {
  timer = null;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) { cut.hidden = false; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rows = page.getElementById("rows");
  showAges(rows);
  document.getElementById("rows").replaceWith(rows);
}

function soon() { timer ??= setTimeout(refresh, 1000); }

function listen() {
  const address = new URLSearchParams(document.body.dataset.filter);
  address.set("after", lastId);
  source = new EventSource(`/live?${address}`);
  source.onopen = () => { cut.hidden = true; soon(); };
  source.onerror = () => {
    cut.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
  source.addEventListener("rows", (event) => { lastId = event.lastEventId || lastId; soon(); });
}

listen();
addEventListener("pagehide", () => source.close());
