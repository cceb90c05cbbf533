// The portraits to choose from, and the person's own picture or video.

import { ask, Problem } from "./ask.js";
import { both, facts, pageLanguage, word } from "./words.js";

const OWN = "*"; // value of the tile that holds the person's own picture or video; no avatar has this name
const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g)$/i; // browsers know no type for some of these

/**
 * `$` finds an element by its id; `onChosen(source, moving)` is called when a portrait is chosen, `onProblem` with a
 * Problem, or with null when there is none any more.
 */
export function portraitsOf($, { onChosen, onProblem }) {
  let own = null; // { file, url, moving }
  let shipped = new Map(); // name -> titles
  let house = { source: "api/avatar", moving: false };
  let first = ""; // value of the default's tile

  const radioOf = (value) => document.querySelector(`[name=avatar][value="${CSS.escape(value)}"]`);

  function choose(value) {
    const radio = radioOf(value);
    if (!radio) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
  }

  /** A portrait to choose: `titles` by language of the page; `moving` when its source is a video. */
  function addTile(value, source, titles, moving = false) {
    const tile = Object.assign(document.createElement("label"), { className: "tile" });
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "avatar", value });
    const picture = moving
      ? Object.assign(document.createElement("video"), { src: source, muted: true, playsInline: true })
      : Object.assign(document.createElement("img"), { src: source, alt: "" });
    const caption = document.createElement("span");
    const name = () => { caption.textContent = titles[pageLanguage()] ?? titles.en; };
    name();
    tile.addEventListener("words", name);
    picture.addEventListener("error", () => { // a TIFF, an AVI, or no picture at all: the server will tell which
      picture.replaceWith(Object.assign(document.createElement("i"), { className: "blank", textContent: "?" }));
    });
    radio.addEventListener("change", () => { onProblem(null); onChosen(source, moving); });
    tile.append(radio, picture, caption);
    $("tiles").append(tile);
    return radio;
  }

  /** Take the person's own file in place of an earlier one. */
  function take(file) {
    onProblem(null);
    if (file.size > facts.max_upload_mb * 1e6) {
      onProblem(new Problem(word("error_file_too_large", { limit: facts.max_upload_mb }), "file_too_large"));
      return;
    }
    $("tiles").querySelector(`[value="${OWN}"]`)?.parentElement.remove(); // its address stays: a job may show it again
    const moving = file.type.startsWith("video/") || VIDEO_NAMES.test(file.name);
    own = { file, url: URL.createObjectURL(file), moving };
    addTile(OWN, own.url, both(moving ? "own_video" : "own"), moving).checked = true;
    onChosen(own.url, moving);
  }

  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    $("file").value = ""; // the same file may be chosen again
    if (file) take(file);
  });

  return {
    take,
    /** Fill in what the server has, in place of what was there. */
    async load() {
      const known = await (await ask("api/avatars")).json();
      $("tiles").replaceChildren();
      own = null;
      shipped = new Map(known.avatars.map(({ name, titles }) => [name, titles]));
      house = { source: "api/avatar", moving: known.default_moves };
      if (known.default === null) addTile("", house.source, both("house"), house.moving).checked = true;
      for (const [name, titles] of shipped) {
        addTile(name, `api/avatars/${encodeURIComponent(name)}`, titles).checked = name === known.default;
      }
      first = known.default ?? "";
      onChosen(house.source, house.moving);
    },
    /** Chooses the avatar of this name, if it is there. */
    choose,
    isDefault: () => radioOf(first)?.checked ?? true,
    /** As after load(): the default is chosen, and the person's own is gone. */
    reset() {
      radioOf(OWN)?.parentElement.remove();
      own = null;
      choose(first);
    },
    /** What is chosen: { avatar } by its name, or the person's { file, url }. */
    chosen() {
      const value = document.querySelector("[name=avatar]:checked")?.value;
      return value === OWN ? { file: own.file, url: own.url } : { avatar: value };
    },
    /** The picture of an avatar that comes along; null of another. */
    pictureOf: (name) => (shipped.has(name) ? `api/avatars/${encodeURIComponent(name)}` : null),
    /** What an avatar is called; one that does not come along is a picture that somebody sent. */
    titleOf: (name) => shipped.get(name)?.[pageLanguage()] ?? shipped.get(name)?.en ?? word("sent_picture"),
    /** The person's own { source, moving }, as long as it is here. */
    own: () => (own ? { source: own.url, moving: own.moving } : null),
    say: () => { for (const tile of document.querySelectorAll(".tile")) tile.dispatchEvent(new Event("words")); },
  };
}
