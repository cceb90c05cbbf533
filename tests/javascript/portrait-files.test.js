// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { findBackgroundError, findFileError, isAudio, isOfKind, wrapLabel } from "../../lipsync/server/static/studio/portrait-files.js";

const LIMITS = {
  pictures: { types: ["image/jpeg", "image/heic"], endings: [".jpg", ".heic"] },
  videos: { types: ["video/mp4"], endings: [".mp4", ".mkv"] },
  maxBytes: 1000,
  acceptsVideos: true,
};
const file = (/** @type {string} */ name, type = "", size = 10) => ({ name, type, size });

test("sound is sound by its type or its name", () => {
  assert.ok(isAudio(file("a", "audio/mp4")));
  assert.ok(isAudio(file("VOICE.M4A")));
  assert.ok(!isAudio(file("me.mp4", "video/mp4")));
  assert.ok(!isAudio(file("m4a.jpg", "image/jpeg")));
});

test("a file is of a kind by its type or the ending of its name", () => {
  assert.ok(isOfKind(file("x", "image/jpeg"), LIMITS.pictures));
  assert.ok(isOfKind(file("IMG.HEIC"), LIMITS.pictures));
  assert.ok(!isOfKind(file("IMG.HEIC.txt", "text/plain"), LIMITS.pictures));
});

test("a recording is refused as sound, not as a video", () => {
  assert.equal(findFileError(file("voice.m4a"), LIMITS), "sound_only");
  assert.equal(findFileError(file("voice.m4a", "audio/x-m4a"), { ...LIMITS, acceptsVideos: false }), "sound_only");
});

test("a file that is too large is refused before it is sent", () => {
  assert.equal(findFileError(file("a.jpg", "image/jpeg", 1001), LIMITS), "file_too_large");
  assert.equal(findFileError(file("a.jpg", "image/jpeg", 1000), LIMITS), null);
});

test("a video needs Wav2Lip, as soon as the server has said that it has none", () => {
  const film = file("me.mkv");
  assert.equal(findFileError(film, { ...LIMITS, acceptsVideos: null }), null);
  assert.equal(findFileError(film, LIMITS), null);
  assert.equal(findFileError(film, { ...LIMITS, acceptsVideos: false }), "video_needs_wav2lip");
});

test("another type is refused, an unknown one is left to the server", () => {
  assert.equal(findFileError(file("a.svg", "image/svg+xml"), LIMITS), "not_a_picture");
  assert.equal(findFileError(file("a.bin"), LIMITS), null);
});

test("a background is a picture, and may be of an unknown type", () => {
  assert.equal(findBackgroundError(file("sea.jpg", "image/jpeg"), LIMITS), null);
  assert.equal(findBackgroundError(file("sea.bin"), LIMITS), null);
  assert.equal(findBackgroundError(file("sea.mp4", "video/mp4"), LIMITS), "not_a_picture");
  assert.equal(findBackgroundError(file("sea.jpg", "image/jpeg", 1001), LIMITS), "file_too_large");
});

test("a name is wrapped between words where possible, and cut after six lines", () => {
  assert.deepEqual(wrapLabel("IMG 0042 of the holidays.HEIC"), ["IMG 0042 of the", "holidays.HEIC"]);
  assert.deepEqual(wrapLabel("x".repeat(20)), ["x".repeat(16), "x".repeat(4)]);
  assert.equal(wrapLabel("word ".repeat(60)).length, 6);
  assert.deepEqual(wrapLabel(""), []);
});
