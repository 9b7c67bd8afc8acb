// What was taken or said and has not arrived yet: kept on the phone, in order, across reloads.
const STORE = "waiting";

const opened = new Promise((done, fail) => {
  const asked = indexedDB.open("xunjie-street", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});

async function within(mode, step) {
  const database = await opened;
  return new Promise((done, fail) => {
    const asked = step(database.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

export const all = () => within("readonly", (store) => store.getAll());
export const add = (entry) => within("readwrite", (store) => store.add(entry));
export const put = (entry) => within("readwrite", (store) => store.put(entry));
export const drop = (id) => within("readwrite", (store) => store.delete(id));
