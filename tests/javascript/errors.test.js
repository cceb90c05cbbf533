// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, catchApiError, parseApiError } from "../../lipsync/server/static/shared/api-error.js";
import { FORM_FIELDS, formFieldOf } from "../../lipsync/server/static/studio/field-errors.js";

test("an error of the API has a sentence, a code and a field", () => {
  const error = parseApiError({ error: "The text must not be empty.", code: "empty_text", field: "text" }, 400);
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.message, error.code, error.field, error.status], ["The text must not be empty.", "empty_text", "text", 400]);
});

test("code and field may be missing, or be null", () => {
  const error = parseApiError({ error: "…", field: null }, 500);
  assert.deepEqual([error?.code, error?.field], ["", null]);
});

test("what a proxy says is no error of the API", () => {
  for (const body of [null, "Bad Gateway", {}, { error: 5 }, { error: { message: "…" } }, []]) assert.equal(parseApiError(body, 502), null);
});

test("an error is shown beside the control of its field", () => {
  const fields = ["text", "language", "voice", "size", "background", "background_image", "avatar", "image", "image_url", "box"];
  assert.deepEqual(
    fields.map((field) => formFieldOf({ field })),
    ["text", "language", "voice", "picture", "picture", "background-image", "portrait", "portrait", "portrait", "portrait"],
  );
});

test("an error of no field, or of one without a control, is shown below the form", () => {
  for (const field of [undefined, null, "", "webhook", "constructor"]) assert.equal(formFieldOf({ field }), "form");
  assert.ok(FORM_FIELDS.includes("form"));
});

test("catchApiError shows errors of the API and lets others through", async () => {
  /** @type {string[]} */
  const shown = [];
  const show = (/** @type {ApiError} */ error) => { shown.push(error.message); };
  assert.equal(await catchApiError(async () => 5, show), 5);
  assert.equal(await catchApiError(async () => { throw new ApiError("wrong"); }, show), undefined);
  await assert.rejects(catchApiError(async () => { throw new TypeError("a bug"); }, show), TypeError);
  assert.deepEqual(shown, ["wrong"]);
});
