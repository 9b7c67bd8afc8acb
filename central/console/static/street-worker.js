// Opens the officer's pages without a network. The server puts VERSION, SHELL and OFFLINE before this: another version
// of any of these files is another worker with another cache. Kept are the shell and the reader's own pages, never a
// picture; the pages go as soon as somebody else reads, or nobody is signed in.
const PREFIX = "xunjie-street-";
const FILES = `${PREFIX}files-${VERSION}`;
const PAGES = `${PREFIX}pages-${VERSION}`;
const READER = "/street/reader";
const PATIENCE_MS = 5000;
const isPage = (path) => path === "/street" || /^\/street\/cases\/[0-9a-f-]{36}$/.test(path);

addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll([...SHELL, OFFLINE])).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== FILES && name !== PAGES) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && isPage(url.pathname)) event.respondWith(page(request, url.pathname));
  else if (SHELL.includes(url.pathname)) event.respondWith(fetch(request).catch(() => caches.match(url.pathname, { cacheName: FILES })));
});

addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keepAll(event.data.keep.filter(isPage)));
});

// From the network where there is one; a slow one is waited for only as long as there is nothing kept.
async function page(request, path) {
  const kept = await caches.match(path, { cacheName: PAGES });
  const fresh = fetch(request).then(async (answer) => { await note(path, answer); return answer; });
  if (!kept) return fresh.catch(() => caches.match(OFFLINE, { cacheName: FILES }));
  const slow = new Promise((done) => setTimeout(() => done(kept), PATIENCE_MS));
  return Promise.race([fresh.catch(() => kept), slow]);
}

// One person's pages at a time. A redirect leads to signing in, or to a case that this one was merged into.
async function note(path, answer) {
  const reader = answer.headers.get("X-Reader");
  const cache = await caches.open(PAGES);
  const known = await cache.match(READER).then((found) => found?.text());
  if (!reader || (known && known !== reader)) await caches.delete(PAGES);
  if (!answer.ok || !reader) return;
  const own = await caches.open(PAGES);
  await own.put(READER, new Response(reader));
  await own.put(path, answer.clone());
}

async function keepAll(paths) {
  const offline = await fetch(OFFLINE).catch(() => null);
  if (offline?.ok && !offline.redirected) await (await caches.open(FILES)).put(OFFLINE, offline);
  const cache = await caches.open(PAGES);
  for (const known of await cache.keys()) {
    const { pathname } = new URL(known.url);
    if (pathname.startsWith("/street/cases/") && !paths.includes(pathname)) await cache.delete(known);
  }
  for (const path of paths) {
    const answer = await fetch(path, { redirect: "manual" }).catch(() => null);
    if (!answer) return;
    await note(path, answer);
  }
}
