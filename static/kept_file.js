// One file of the person's own in this browser's IndexedDB. Where storage is refused nothing is kept, and nothing breaks.

const DATABASE = "lipsync";
const STORE = "files";
const KEY = "own";
const PATIENCE = 3000; // milliseconds: a browser that answers later, or never, keeps nothing

const settled = (request, name) => new Promise((resolve, reject) => {
  request[name] = () => resolve(request.result);
  request.onerror = () => reject(request.error);
  request.onblocked = () => reject(new DOMException("blocked", "AbortError"));
  request.onabort = request.onerror;
});

async function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request, "onsuccess");
}

async function run(mode, work) {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await settled(transaction, "oncomplete");
    return request.result;
  } finally {
    database.close();
  }
}

let last = Promise.resolve(); // one after another, in the order of the calls

/** What `work` gives, or `otherwise` when the browser refuses: private mode, quota, a policy. */
function tried(mode, work, otherwise) {
  const late = () => new Promise((_, reject) => { setTimeout(() => reject(new Error("IndexedDB does not answer")), PATIENCE); });
  const mine = last.then(() => Promise.race([run(mode, work), late()])).catch((error) => {
    console.info("the file is not kept in this browser:", error?.message);
    return otherwise;
  });
  last = mine;
  return mine;
}

/** Keeps `record` (which may hold a File) in place of an earlier one; whether it did. */
export const keepFile = (record) => tried("readwrite", (store) => store.put(record, KEY), null).then((key) => key !== null);

/** The record that was kept, or null. */
export const keptFile = () => tried("readonly", (store) => store.get(KEY), null).then((record) => record ?? null);

export const forgetFile = () => tried("readwrite", (store) => store.delete(KEY), null);
