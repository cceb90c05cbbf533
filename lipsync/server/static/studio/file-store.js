// @ts-check
// One file of the user's own, in this browser's IndexedDB. Where storage is refused nothing is stored, and no call fails.

const DATABASE = "lipsync";
const STORE = "files";
const KEY = "own";
const TIMEOUT_MS = 3000; // a browser that answers later, or never, stores nothing

/** @typedef {{ file: File, owner: string | null, saved: number }} FileRecord */

/** @param {IDBOpenDBRequest} opening */
const opened = (opening) => new Promise((/** @type {(database: IDBDatabase) => void} */ resolve, reject) => {
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
  opening.onblocked = () => reject(new DOMException("blocked", "AbortError"));
});

/** @param {IDBTransaction} transaction */
const completed = (transaction) => new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onerror = () => reject(transaction.error);
  transaction.onabort = () => reject(transaction.error);
});

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} work
 */
async function run(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await opened(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await completed(transaction);
    return request.result;
  } finally {
    database.close();
  }
}

/** @type {Promise<unknown>} */
let queue = Promise.resolve(); // calls run one after another

/**
 * The result of `work`, or null when the browser refuses it: private mode, quota, a policy.
 *
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} work
 */
function attempt(mode, work) {
  const timeout = () => new Promise((_, reject) => {
    setTimeout(() => reject(new Error("IndexedDB does not answer")), TIMEOUT_MS);
  });
  const result = queue.then(() => Promise.race([run(mode, work), timeout()])).catch((error) => {
    console.info("the file is not stored in this browser:", error?.message);
    return null;
  });
  queue = result;
  return result;
}

/** @param {FileRecord} record takes the place of an earlier one */
export const storeFile = (record) => attempt("readwrite", (store) => store.put(record, KEY));

/** @returns {Promise<FileRecord | null>} */
export const loadFile = () => attempt("readonly", (store) => store.get(KEY)).then((record) => record ?? null);

export const deleteFile = () => attempt("readwrite", (store) => store.delete(KEY));
