// @ts-check
// Where the form shows an error of the API: beside the control for the request's field that is wrong.

/** @typedef {"text" | "language" | "voice" | "picture" | "background-image" | "portrait" | "form"} FormField */

/** @type {Map<string | null | undefined, FormField>} Controls by the field of a request. */
const CONTROL_OF_FIELD = new Map([
  ["text", "text"],
  ["language", "language"],
  ["voice", "voice"],
  ["size", "picture"],
  ["frame", "picture"],
  ["background", "picture"],
  ["background_image", "background-image"],
  ["avatar", "portrait"],
  ["image", "portrait"],
  ["image_url", "portrait"],
  ["box", "portrait"],
  ["pads", "portrait"],
]);

/** @type {FormField[]} */
export const FORM_FIELDS = ["text", "language", "voice", "picture", "background-image", "portrait", "form"];

/**
 * The control for an error; "form" where the error concerns no control of the form.
 *
 * @param {{ field?: string | null }} error
 * @returns {FormField}
 */
export const formFieldOf = ({ field }) => CONTROL_OF_FIELD.get(field) ?? "form";
