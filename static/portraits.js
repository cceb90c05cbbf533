// The portraits to choose from, and the person's own picture or video.

import { ask, askJson, Problem, trying } from "./ask.js";
import { both, facts, pageLanguage, word } from "./words.js";

const OWN = "*"; // value of the tile that holds the person's own picture or video; no avatar has this name
const AGAIN = 1000; // milliseconds between two questions while the service loads

/** Whether a file is of one of the kinds `{ types, endings }`: browsers know no media type for some of them. */
const isOneOf = ({ types, endings }, file) =>
  types.includes(file.type) || endings.some((ending) => file.name.toLowerCase().endsWith(ending));

/** Address of a picture that shows `text`, in place of one that this browser cannot show. */
function cardOf(text) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const label = document.createElementNS(svg.namespaceURI, "text");
  const lines = text.match(/\S.{0,15}(?=\s|$)|\S{1,16}/gu)?.slice(0, 6) ?? [];
  svg.setAttribute("viewBox", "0 0 200 200");
  svg.setAttribute("width", "600");
  svg.setAttribute("height", "600");
  for (const [name, value] of Object.entries({ "font-family": "sans-serif", "font-size": "18", fill: "#7a746a", "text-anchor": "middle" })) {
    label.setAttribute(name, value);
  }
  lines.forEach((line, index) => {
    const row = document.createElementNS(svg.namespaceURI, "tspan");
    row.setAttribute("x", "100");
    row.setAttribute("y", String(106 + 24 * (index - (lines.length - 1) / 2)));
    row.textContent = line;
    label.append(row);
  });
  svg.append(label);
  return URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
}

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

  let takesVideos = null; // whether the server has Wav2Lip; null: not known yet

  /** Ask the server whether a video can speak there, and let the hint and the file chooser say so. */
  async function askForWav2lip() {
    const { status, engines = [] } = await askJson("api/health");
    if (status === "failed") return;
    if (status === "loading") { setTimeout(learn, AGAIN); return; }
    takesVideos = engines.includes("wav2lip");
    $("drop-hint").dataset.word = takesVideos ? "drop_video" : "drop_no_video";
    $("choose").dataset.word = takesVideos ? "choose_video" : "choose";
    for (const id of ["drop-hint", "choose"]) $(id).textContent = word($(id).dataset.word);
    const { pictures, videos } = facts;
    const kinds = takesVideos ? [pictures, videos] : [pictures];
    $("file").accept = kinds.flatMap(({ types, endings }) => [...types, ...endings]).join();
    const problem = own && refusal(own.file); // it was chosen before the server had answered
    if (problem) onProblem(problem);
  }

  /** The same, where no answer is no problem yet: the server judges each file in any case. */
  function learn() { trying(askForWav2lip, () => {}); }

  /** Why the file cannot be used, as far as its name and type tell; null when the server has to look at it. */
  function refusal(file) {
    if (file.size > facts.max_upload_mb * 1e6) {
      return new Problem(word("error_file_too_large", { limit: facts.max_upload_mb }), "file_too_large");
    }
    if (isOneOf(facts.pictures, file)) return null;
    if (isOneOf(facts.videos, file)) {
      return takesVideos === false ? new Problem(word("error_video_needs_wav2lip"), "video_needs_wav2lip") : null;
    }
    return file.type === "" ? null : new Problem(word("error_not_a_picture"), "not_a_picture");
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
    const shown = { source, moving };
    picture.addEventListener("error", () => { // a HEIC, an AVI, or no picture at all: the server will tell which
      if (value === OWN && !own) return; // it was taken away meanwhile
      Object.assign(shown, { source: cardOf(value === OWN ? own.file.name : caption.textContent), moving: false });
      if (value === OWN) Object.assign(own, { url: shown.source, moving: false });
      picture.replaceWith(Object.assign(document.createElement("img"), { src: shown.source, alt: "" }));
      if (radio.checked) onChosen(shown.source, false);
    }, { once: true });
    radio.addEventListener("change", () => { onProblem(null); onChosen(shown.source, shown.moving); });
    tile.append(radio, picture, caption);
    $("tiles").append(tile);
    return radio;
  }

  /** Take the person's own file in place of an earlier one. */
  function take(file) {
    onProblem(null);
    const problem = refusal(file);
    if (problem) { onProblem(problem); return; }
    $("tiles").querySelector(`[value="${OWN}"]`)?.parentElement.remove(); // its address stays: a job may show it again
    const moving = isOneOf(facts.videos, file);
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
      learn();
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
