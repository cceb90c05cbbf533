// A voice of the person's own: recorded here or from files, named, confirmed, added, deleted.

const LONGEST = 600; // seconds that the server takes
const SOUND_NAMES = /\.(wav|mp3|m4a|aac|ogg|oga|opus|flac|aiff?|caf|amr|wma|weba)$/i; // of some, browsers know no type

/** Whether a dropped file is a recording and not a portrait. */
export const isSound = (file) => file.type.startsWith("audio/") || SOUND_NAMES.test(file.name);

/** Bring the form to life. `page` has $, word, ask, Problem, and changed(name): the voices are others now. */
export function ownVoice({ $, word, ask, Problem, changed }) {
  let clips = []; // { blob, name, url }
  let recorder = null;
  let added = [];
  let busy = false;

  const problem = (sentence) => { $("own-voice-problem").textContent = sentence; };
  const told = (sentence) => { $("own-voice-status").textContent = sentence; };

  const button = (label, press) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×" });
    made.dataset.wordLabel = label;
    made.setAttribute("aria-label", word(label));
    made.addEventListener("click", press);
    return made;
  };

  function showClips() {
    $("clips").replaceChildren(...clips.map((clip) => {
      const row = document.createElement("li");
      const player = Object.assign(document.createElement("audio"), { src: clip.url, controls: true, preload: "metadata" });
      player.setAttribute("aria-label", clip.name);
      row.append(player, button("remove", () => {
        URL.revokeObjectURL(clip.url);
        clips = clips.filter((one) => one !== clip);
        showClips();
      }));
      return row;
    }));
  }

  function take(files) {
    problem("");
    told("");
    $("own-voice").open = true;
    for (const file of files) clips.push({ blob: file, name: file.name, url: URL.createObjectURL(file) });
    showClips();
  }

  // --- recording

  async function record() {
    problem("");
    told("");
    if (recorder) { recorder.stop(); return; }
    let stream;
    try {
      // What a call does to a voice (echo, noise, level) would be cloned with it.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: true };
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch {
      problem(word("no_microphone"));
      return;
    }
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    const started = performance.now();
    const tick = setInterval(() => {
      const seconds = (performance.now() - started) / 1000;
      told(word("recording", { n: Math.floor(seconds) }));
      if (seconds >= LONGEST) recorder?.stop();
    }, 250);
    recorder.addEventListener("stop", () => {
      clearInterval(tick);
      for (const track of stream.getTracks()) track.stop(); // the browser's red dot goes out
      const type = recorder.mimeType;
      recorder = null;
      sayRecord();
      take([new File(pieces, type.includes("mp4") ? "recording.m4a" : "recording.webm", { type })]);
    });
    recorder.start(1000);
    sayRecord();
  }

  function sayRecord() {
    $("record").dataset.word = recorder ? "stop" : "record";
    $("record").textContent = word($("record").dataset.word);
    $("record").setAttribute("aria-pressed", recorder !== null);
  }

  // --- adding and deleting

  async function add() {
    if (busy) return;
    if (recorder) { problem(word("recording_first")); return; }
    problem("");
    told(word("adding"));
    busy = true;
    $("add-voice").setAttribute("aria-disabled", true);
    const form = new FormData();
    form.append("name", $("voice-name").value);
    if ($("may-use").checked) form.append("may_use", "yes");
    for (const clip of clips) form.append("sound", clip.blob, clip.name);
    try {
      const voice = await (await ask("api/voices", { method: "POST", body: form })).json();
      for (const clip of clips) URL.revokeObjectURL(clip.url);
      clips = [];
      $("voice-name").value = "";
      $("may-use").checked = false;
      showClips();
      await changed(voice.voice);
      told(word("added", { name: voice.name }));
    } catch (error) {
      told("");
      if (!(error instanceof Problem)) throw error;
      problem(error.message);
    } finally {
      busy = false;
      $("add-voice").setAttribute("aria-disabled", false);
    }
  }

  async function forget(name) {
    problem("");
    told("");
    try {
      await ask(`api/voices/${encodeURIComponent(name)}`, { method: "DELETE" });
      await changed("");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem(error.message);
    }
  }

  /** Show what the server has: its answer to GET api/voices. */
  function update(known) {
    added = known.added ?? [];
    $("own-voice").hidden = known.cloning !== null && added.length === 0;
    $("new-voice").hidden = known.cloning !== null;
    $("added-voices").replaceChildren(...added.map(({ name }) => {
      const row = document.createElement("li");
      row.append(Object.assign(document.createElement("span"), { textContent: name }), button("delete_voice", () => forget(name)));
      return row;
    }));
  }

  $("record").hidden = !navigator.mediaDevices || !window.MediaRecorder; // no microphone without https, but on this machine
  $("record").addEventListener("click", record);
  $("add-voice").addEventListener("click", add);
  $("voice-name").addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); add(); } // and no video
  });
  $("sounds").addEventListener("change", () => {
    const files = [...$("sounds").files];
    $("sounds").value = "";
    take(files);
  });
  return { update, take };
}
