// @ts-check
// Where the server has the pictures and loops of a persona's avatar.

/** @typedef {{ avatar: string | null }} Persona `avatar`: null for the server's default one. */

/** @param {Persona} persona */
export const pictureOf = ({ avatar }) => (avatar === null ? "api/avatar" : `api/avatars/${encodeURIComponent(avatar)}`);

/**
 * @param {Persona} persona
 * @param {"idle" | "listening" | "thinking"} kind
 */
export const loopOf = ({ avatar }, kind) => `api/v1/avatars/${encodeURIComponent(avatar ?? "default")}/loops/${kind}.mp4`;
