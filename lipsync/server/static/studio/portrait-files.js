// @ts-check
// What can be said of a file chosen as a portrait or as a background by its name, type and size. The server examines its
// content.

/** @typedef {import("../shared/config.js").FileKinds} FileKinds */
/** @typedef {Pick<File, "name" | "type" | "size">} FileFacts */

const AUDIO_ENDINGS = /\.(wav|mp3|m4a|m4b|aac|ogg|oga|opus|flac|aiff?|caf|amr|wma|weba)$/i; // browsers know no type for some

/**
 * @param {Pick<File, "name" | "type">} file
 */
export const isAudio = ({ name, type }) => type.startsWith("audio/") || AUDIO_ENDINGS.test(name);

/**
 * Whether a file is of these kinds, by its type or, as browsers know no type for some, by the ending of its name.
 *
 * @param {Pick<File, "name" | "type">} file
 * @param {FileKinds} kinds
 */
export const isOfKind = ({ name, type }, { types, endings }) =>
  types.includes(type) || endings.some((ending) => name.toLowerCase().endsWith(ending));

/**
 * The code of the error for a file that the server would refuse; null where the server has to examine the file.
 *
 * @param {FileFacts} file
 * @param {{ pictures: FileKinds, videos: FileKinds, maxBytes: number, acceptsVideos: boolean | null }} limits
 *   `acceptsVideos` is null until the server has said so
 */
export function findFileError(file, { pictures, videos, maxBytes, acceptsVideos }) {
  if (isAudio(file)) return "sound_only";
  if (file.size > maxBytes) return "file_too_large";
  if (isOfKind(file, pictures)) return null;
  if (isOfKind(file, videos)) return acceptsVideos === false ? "video_needs_wav2lip" : null;
  return file.type === "" ? null : "not_a_picture";
}

/**
 * The same for a picture behind the person.
 *
 * @param {FileFacts} file
 * @param {{ pictures: FileKinds, maxBytes: number }} limits
 */
export function findBackgroundError(file, { pictures, maxBytes }) {
  if (file.size > maxBytes) return "file_too_large";
  return isOfKind(file, pictures) || file.type === "" ? null : "not_a_picture";
}

/**
 * Lines of at most 16 characters, for a placeholder: at most six, broken between words where possible.
 *
 * @param {string} text
 */
export const wrapLabel = (text) => (text.match(/\S.{0,15}(?=\s|$)|\S{1,16}/gu) ?? []).slice(0, 6);
