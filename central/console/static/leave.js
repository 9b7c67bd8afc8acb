// Nobody is signed in: the pages that were kept for reading without a network go. What waits to be sent stays.
for (const name of (await globalThis.caches?.keys()) ?? []) if (name.startsWith("xunjie-street-pages-")) await caches.delete(name);
