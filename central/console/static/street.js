// The officer's page: photographs and steps are kept on the phone first and sent from there, until they have arrived.
import * as kept from "./kept.js";

const page = document.getElementById("street");
const holder = document.getElementById("kept");
const say = JSON.parse(page.dataset.words);
const LARGEST_PX = 1920, QUALITY = 0.85, AGAIN_MS = 8000;
const SLACK_MS = 600000; // by how much the phone's clock may be ahead of central's
let isSending = false;
let timer = null;

// Smaller and without what a phone writes into its pictures (where it was, whose it is).
async function shrunk(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LARGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

// The page may have been kept since before this session: who is signed in now, and the word that their requests carry.
async function signedIn() {
  const answer = await fetch("/street/session").catch(() => null);
  if (answer?.status === 401) return { why: say.sign_in };
  return answer?.ok ? answer.json() : { why: say.offline };
}

async function ask(entry, word) {
  if (entry.kind === "photo") {
    const url = `/street/cases/${entry.case}/photos?taken_at=${encodeURIComponent(entry.at)}`;
    return fetch(url, { method: "POST", body: entry.picture, headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": word } });
  }
  return fetch(`/api/v1/cases/${entry.case}/actions/${entry.action}`, {
    method: "POST", body: JSON.stringify({ note: entry.note }), headers: { "Content-Type": "application/json", "X-CSRF-Token": word },
  });
}

// A step whose answer got lost on the way was taken all the same: then the case's history tells of it.
async function isDone(entry, who) {
  if (entry.kind !== "step" || !entry.tried) return false;
  const answer = await fetch(`/api/v1/cases/${entry.case}`).catch(() => null);
  const history = answer?.ok ? (await answer.json()).history : [];
  return history.some((step) => step.action === entry.action && step.actor === who && step.facts?.note === entry.note && Date.parse(step.at) >= entry.tried - SLACK_MS);
}

// In order: a case is not done before its photograph has arrived. Whatever is refused stays until somebody has read why.
async function send() {
  if (isSending) return;
  isSending = true;
  let arrived = 0, why = "";
  const stuck = new Set();
  const entries = await mine(page.dataset.who);
  const session = entries.length ? await signedIn() : { why: "" };
  for (const entry of session.who ? entries.filter((one) => isOf(one, session.who)) : []) {
    if (entry.problem || stuck.has(entry.case)) { stuck.add(entry.case); continue; }
    const answer = await ask(entry, session.word).catch(() => null);
    if (answer?.ok || (answer?.status === 409 && await isDone(entry, session.who))) { await kept.drop(entry.id); arrived += 1; continue; }
    if (answer && [403, 404, 409, 413, 415, 422].includes(answer.status)) {
      const told = await answer.json().catch(() => null);
      await kept.put({ ...entry, problem: typeof told?.detail === "string" ? told.detail : String(answer.status) });
      stuck.add(entry.case);
      continue;
    }
    if (!answer) await kept.put({ ...entry, tried: entry.tried ?? Date.now() });
    why = answer?.status === 401 ? say.sign_in : say.offline;
    break;
  }
  isSending = false;
  const left = await mine(page.dataset.who);
  await show(session.why || why);
  clearTimeout(timer);
  if (left.some((entry) => !entry.problem)) timer = setTimeout(sendAlone, AGAIN_MS);
  if (arrived && !left.some((entry) => !entry.problem)) location.reload();
}

// One page of this browser sends at a time, or a photograph would go twice.
const sendAlone = () => (navigator.locks ? navigator.locks.request("xunjie-street", { ifAvailable: true }, (lock) => (lock ? send() : again())) : send());

function again() {
  clearTimeout(timer);
  timer = setTimeout(sendAlone, AGAIN_MS);
}

const isOf = (entry, who) => !entry.who || !who || entry.who === who;
const mine = async (who) => (await kept.all()).filter((entry) => isOf(entry, who));

async function show(why) {
  const entries = page.dataset.who ? await mine(page.dataset.who) : [];
  const others = (await kept.all()).length - entries.length;
  holder.hidden = entries.length + others === 0;
  holder.classList.toggle("bad", entries.some((entry) => entry.problem));
  holder.replaceChildren(...entries.map(line));
  if (others) holder.append(Object.assign(document.createElement("p"), { textContent: `${others} ${page.dataset.who ? say.others : say.kept}` }));
  if (entries.length && why) {
    const last = document.createElement("p");
    last.textContent = why;
    if (why === say.sign_in) {
      const link = document.createElement("a");
      link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
      link.textContent = say.go_sign_in;
      last.append(link);
    }
    holder.append(last);
  }
}

function line(entry) {
  const made = document.createElement("p");
  if (entry.picture) {
    const image = document.createElement("img");
    image.alt = "";
    const reader = new FileReader();
    reader.onload = () => { image.src = reader.result; };
    reader.readAsDataURL(entry.picture);
    made.append(image);
  }
  const text = document.createElement("span");
  text.textContent = entry.problem ? `${entry.title}: ${say.refused} ${entry.problem}` : `${entry.title}: ${say.kept}`;
  made.append(text);
  if (entry.problem) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say.drop;
    button.addEventListener("click", async () => { await kept.drop(entry.id); await show(""); sendAlone(); });
    made.append(button);
  }
  return made;
}

async function keep(entry) {
  await kept.add({ case: page.dataset.case, who: page.dataset.who, at: new Date().toISOString(), ...entry });
  await show("");
  await sendAlone();
}

document.getElementById("shoot")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const picture = await shrunk(file).catch(() => null);
  if (!picture) { holder.hidden = false; holder.textContent = say.no_picture; return; }
  await keep({ kind: "photo", picture, title: say.photo });
});

for (const form of document.querySelectorAll("form.step")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.querySelector("button").disabled = true;
    await keep({ kind: "step", action: form.dataset.action, note: form.elements.note?.value ?? "", title: form.dataset.title });
    form.querySelector("button").disabled = false;
  });
}

addEventListener("online", sendAlone);
show("").then(sendAlone);

// Only where the page came over a secure connection; elsewhere the queue alone bridges a cut.
navigator.serviceWorker?.register("/street/worker.js", { scope: "/street" }).then(() => navigator.serviceWorker.ready).then(({ active }) => {
  const cases = [...document.querySelectorAll(".mine a")].map((link) => new URL(link.href).pathname);
  if (location.pathname === "/street") active.postMessage({ keep: ["/street", ...cases] });
}).catch(() => {});
