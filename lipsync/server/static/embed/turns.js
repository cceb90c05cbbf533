// @ts-check
// The promises of `listen` and `stopListening`. Pure.

/** @typedef {{ resolve: (text: string) => void, reject: (error: Error) => void, promise: Promise<string> }} Deferred */

/** @returns {Deferred} */
function createDeferred() {
  /** @type {Deferred["resolve"]} */
  let resolve = () => {};
  /** @type {Deferred["reject"]} */
  let reject = () => {};
  const promise = new Promise((/** @type {Deferred["resolve"]} */ fulfill, refuse) => {
    resolve = fulfill;
    reject = refuse;
  });
  promise.catch(() => {}); // a caller may ignore it: the event "error" is enough
  return { promise, resolve, reject };
}

export function createTurns() {
  /** @type {Deferred | null} */
  let beginning = null;
  /** @type {Deferred | null} */
  let ending = null;

  return {
    /** The person wants to speak; the promise is fulfilled when they are heard. */
    async begin() {
      beginning ??= createDeferred();
      await beginning.promise;
    },
    /** The person is heard from now on. */
    held() {
      beginning?.resolve("");
      beginning = null;
    },
    /** The person has spoken; the promise is fulfilled with what was heard. */
    end() {
      ending ??= createDeferred();
      return ending.promise;
    },
    /** @param {string} text "": no words */
    heard(text) {
      ending?.resolve(text);
      ending = null;
    },
    /** @param {Error} error */
    failed(error) {
      beginning?.reject(error);
      ending?.reject(error);
      beginning = null;
      ending = null;
    },
  };
}
