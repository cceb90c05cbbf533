// @ts-check
// Why a browser gives no microphone, as the key of a message.

/** @type {{ [name: string]: string }} */
const KEYS = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
};

/**
 * Runs `work`; the key of a message where the browser refuses it, else null. Any other error is thrown again.
 *
 * @param {() => Promise<void>} work
 */
export async function catchMediaError(work) {
  try {
    await work();
    return null;
  } catch (error) {
    const key = error instanceof DOMException ? KEYS[error.name] : undefined;
    if (!key) throw error;
    return key;
  }
}
