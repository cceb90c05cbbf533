// @ts-check
// Media Source Extensions: opening a source for a video element, and changes of its buffer one after the other.

/** @type {typeof MediaSource | undefined} */
const Source = window.MediaSource ?? /** @type {any} */ (window).ManagedMediaSource; // Safari on phones has the second only

export const canUseMediaSource = Boolean(Source);

/**
 * The name of the first of these events that `target` fires.
 *
 * @param {EventTarget} target
 * @param {string[]} names
 * @returns {Promise<string>}
 */
export const firstEvent = (target, ...names) => new Promise((resolve) => {
  /** @param {Event} event */
  const listener = (event) => {
    for (const name of names) target.removeEventListener(name, listener);
    resolve(event.type);
  };
  for (const name of names) target.addEventListener(name, listener);
});

/**
 * Gives `video` a new MediaSource, which is open when the promise is fulfilled. Throws where the browser does not play
 * `type`.
 *
 * @param {HTMLVideoElement} video
 * @param {string} type media type with codecs
 * @param {AbortSignal} [signal] it is not wanted any longer: its address is given back, and the promise stays open
 */
export async function openMediaSource(video, type, signal) {
  if (!Source?.isTypeSupported(type)) throw new Error(`the player does not support ${type}`);
  const media = new Source();
  if (!window.MediaSource) video.disableRemotePlayback = true; // ManagedMediaSource requires that
  const address = URL.createObjectURL(media);
  signal?.addEventListener("abort", () => URL.revokeObjectURL(address));
  const opened = firstEvent(media, "sourceopen");
  video.src = address;
  await opened;
  URL.revokeObjectURL(address);
  return media;
}

/**
 * Makes one change of `buffer` after those before. Throws where the player rejects it.
 *
 * @param {SourceBuffer} buffer
 * @param {() => void} change
 */
export async function updateBuffer(buffer, change) {
  while (buffer.updating) await firstEvent(buffer, "updateend");
  const settled = firstEvent(buffer, "updateend", "error");
  change();
  if (await settled === "error") throw new Error("the player rejects a piece of the stream");
}
