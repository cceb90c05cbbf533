// @ts-check
// Server-sent events out of pieces of text: pure (HTML standard, 9.2.6). EventSource cannot send a question.

/**
 * Returns a function that takes pieces of a stream; `onData` gets the data of each event that is complete.
 *
 * @param {(data: string) => void} onData
 */
export function createEventParser(onData) {
  let rest = "";

  return (/** @type {string} */ piece) => {
    const events = (rest + piece).replace(/\r\n?/g, "\n").split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const lines = event.split("\n").filter((line) => line.startsWith("data:"));
      if (lines.length) onData(lines.map((line) => line.slice("data:".length).replace(/^ /, "")).join("\n"));
    }
  };
}
