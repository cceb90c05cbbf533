// @ts-check
// Requests to the server. Addresses are relative, so that the page also works below a path prefix.

import { ApiError, parseApiError } from "./api-error.js";
import { pageLanguage, translate } from "./i18n.js";

export { ApiError, catchApiError } from "./api-error.js";

/** @type {() => void} */
let showLogin = () => {};

/**
 * Calls `listener` whenever the server requires a key.
 *
 * @param {() => void} listener
 */
export function onLoginRequired(listener) {
  showLogin = listener;
}

/**
 * Sends a request and returns the response. Throws ApiError where the server is not reached or answers with an error;
 * an AbortError stays one.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function request(path, { headers, ...options } = {}) {
  const allHeaders = new Headers(headers);
  allHeaders.set("Accept-Language", pageLanguage());
  let response;
  try {
    response = await fetch(path, { ...options, headers: allHeaders });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(translate("network_error"), { code: "network_error" });
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "login") showLogin();
  throw await readError(response);
}

/**
 * The same, for a JSON response. A response that is not JSON, such as a proxy's page, is an ApiError too.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function requestJson(path, options) {
  const response = await request(path, options);
  return response.json().catch(() => { throw unexpectedResponse(response); });
}

/**
 * The error that a response stands for: JSON below /api/, a plain sentence elsewhere. Anything else is not the server's.
 *
 * @param {Response} response
 */
async function readError(response) {
  const { status } = response;
  const type = response.headers.get("Content-Type") ?? "";
  const body = await response.text().catch(() => "");
  if (type.startsWith("text/plain") && body) return new ApiError(body, { status });
  try {
    return parseApiError(JSON.parse(body), status) ?? unexpectedResponse(response);
  } catch {
    return unexpectedResponse(response);
  }
}

/** @param {Response} response */
const unexpectedResponse = ({ status }) => new ApiError(translate("http_error", { status: String(status) }), { status });
