// @ts-check
// The errors of the API as the page handles them.

/** Why a request failed, in a sentence for the reader. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: string, field?: string | null, status?: number }} [details] `code` is for programs; `field` names
   *   the field of the request that is wrong; `status` is that of HTTP, 0 where the server was not reached
   */
  constructor(message, { code = "", field = null, status = 0 } = {}) {
    super(message);
    this.code = code;
    this.field = field;
    this.status = status;
  }
}

/**
 * The error in the body of a response: `{"error", "code", "field"?}`. Null where the body is anything else, as when a
 * proxy answers in the server's place.
 *
 * @param {unknown} body
 * @param {number} status
 */
export function parseApiError(body, status) {
  if (typeof body !== "object" || body === null || !("error" in body) || typeof body.error !== "string") return null;
  const code = "code" in body && typeof body.code === "string" ? body.code : "";
  const field = "field" in body && typeof body.field === "string" ? body.field : null;
  return new ApiError(body.error, { code, field, status });
}

/**
 * Runs `work`. An ApiError goes to `show`, and the result is undefined; any other error is a bug and is thrown again.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {(error: ApiError) => void} show
 * @returns {Promise<T | undefined>}
 */
export async function catchApiError(work, show) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    show(error);
    return undefined;
  }
}
