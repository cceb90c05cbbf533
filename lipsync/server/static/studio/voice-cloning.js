// @ts-check
// Cloning a voice: recordings are made or chosen, named, confirmed and sent; added voices can be deleted.

import { byId, createElement } from "../shared/dom.js";
import { catchApiError, request, requestJson } from "../shared/http.js";
import { formatDuration, onLanguageChange, setMessage, translate } from "../shared/i18n.js";

const MAX_RECORDING_S = 600; // that the server accepts
const TICK_MS = 250;
const CHUNK_MS = 1000; // of the recorder

/** @typedef {{ file: File, url: string }} Clip */

/**
 * `onChange` is called when a voice was added or deleted, with the name of the voice to select or "".
 *
 * @param {{ onChange: (voice: string) => Promise<void> }} listeners
 */
export function createVoiceCloning({ onChange }) {
  const panel = byId("own-voice", HTMLDetailsElement);
  const newVoice = byId("new-voice", HTMLElement);
  const error = byId("own-voice-error", HTMLElement);
  const status = byId("own-voice-status", HTMLElement);
  const recordButton = byId("record", HTMLButtonElement);
  const addButton = byId("add-voice", HTMLButtonElement);
  const nameInput = byId("voice-name", HTMLInputElement);
  const consent = byId("may-use", HTMLInputElement);
  const fileInput = byId("sounds", HTMLInputElement);
  /** @type {Clip[]} */
  let clips = [];
  /** @type {MediaRecorder | null} */
  let recorder = null;
  let isSending = false;

  /** @param {{ error?: string, status?: string }} sentences */
  function show(sentences) {
    error.textContent = sentences.error ?? "";
    status.textContent = sentences.status ?? "";
  }

  /** @param {HTMLButtonElement} button */
  function labelRemoveButton(button) {
    button.title = translate(button.dataset.message ?? "");
    button.setAttribute("aria-label", `${button.title}: ${button.dataset.name}`);
  }

  /**
   * @param {string} message
   * @param {string} name of what it removes
   * @param {() => void} action
   */
  function createRemoveButton(message, name, action) {
    const button = createElement("button", { type: "button", className: "icon", textContent: "×" });
    Object.assign(button.dataset, { message, name });
    labelRemoveButton(button);
    button.addEventListener("click", action);
    return button;
  }

  function showClips() {
    byId("clips", HTMLElement).replaceChildren(...clips.map((clip) => {
      const player = createElement("audio", { src: clip.url, controls: true, preload: "metadata" });
      player.setAttribute("aria-label", clip.file.name);
      return createElement("li", {}, player, createRemoveButton("remove_recording", clip.file.name, () => {
        URL.revokeObjectURL(clip.url);
        clips = clips.filter((other) => other !== clip);
        showClips();
      }));
    }));
  }

  /** @param {Iterable<File>} files */
  function take(files) {
    show({});
    panel.open = true;
    for (const file of files) clips.push({ file, url: URL.createObjectURL(file) });
    showClips();
  }

  // --- recording

  function showRecordButton() {
    setMessage(recordButton, recorder ? "stop_recording" : "record");
    recordButton.setAttribute("aria-pressed", String(recorder !== null));
  }

  async function openMicrophone() {
    try {
      // Echo cancellation and noise suppression change a voice, and the change would be cloned.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: true };
      return await navigator.mediaDevices.getUserMedia({ audio });
    } catch {
      return null;
    }
  }

  async function record() {
    show({});
    if (recorder) {
      recorder.stop();
      return;
    }
    const stream = await openMicrophone();
    if (!stream) {
      show({ error: translate("no_microphone") });
      return;
    }
    /** @type {Blob[]} */
    const chunks = [];
    const current = new MediaRecorder(stream);
    recorder = current;
    current.addEventListener("dataavailable", ({ data }) => chunks.push(data));
    const started = performance.now();
    const timer = setInterval(() => {
      const seconds = (performance.now() - started) / 1000;
      const sentence = translate("recording", { time: formatDuration(Math.floor(seconds)) });
      if (status.textContent !== sentence) status.textContent = sentence;
      if (seconds >= MAX_RECORDING_S) recorder?.stop();
    }, TICK_MS);
    current.addEventListener("stop", () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop(); // switches the browser's recording sign off
      recorder = null;
      showRecordButton();
      const type = current.mimeType;
      take([new File(chunks, type.includes("mp4") ? "recording.m4a" : "recording.webm", { type })]);
    });
    current.start(CHUNK_MS);
    showRecordButton();
  }

  // --- adding and deleting

  async function add() {
    if (isSending) return;
    if (recorder) {
      show({ error: translate("recording_first") });
      return;
    }
    show({ status: translate("processing_recording") });
    isSending = true;
    addButton.setAttribute("aria-disabled", "true");
    const body = new FormData();
    body.append("name", nameInput.value);
    if (consent.checked) body.append("may_use", "yes");
    for (const { file } of clips) body.append("sound", file, file.name);
    await catchApiError(async () => {
      const voice = await requestJson("api/voices", { method: "POST", body });
      for (const { url } of clips) URL.revokeObjectURL(url);
      clips = [];
      nameInput.value = "";
      consent.checked = false;
      showClips();
      await onChange(voice.voice);
      show({ status: translate("voice_added", { name: voice.name }) });
    }, ({ message }) => show({ error: message }));
    isSending = false;
    addButton.setAttribute("aria-disabled", "false");
  }

  /** @param {string} name */
  async function remove(name) {
    show({});
    await catchApiError(async () => {
      await request(`api/voices/${encodeURIComponent(name)}`, { method: "DELETE" });
      await onChange("");
    }, ({ message }) => show({ error: message }));
  }

  onLanguageChange(() => {
    for (const button of panel.querySelectorAll("button")) if (button.dataset.message) labelRemoveButton(button);
  });
  recordButton.hidden = !navigator.mediaDevices || !window.MediaRecorder; // browsers give the microphone to secure pages only
  recordButton.addEventListener("click", record);
  addButton.addEventListener("click", add);
  nameInput.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would request a video
    add();
  });
  fileInput.addEventListener("change", () => {
    const files = [...(fileInput.files ?? [])];
    fileInput.value = "";
    take(files);
  });

  return {
    take,
    /** Whether the server clones voices. */
    isAvailable: () => !newVoice.hidden,
    /**
     * Shows the voices that were added, from the server's answer to GET api/voices.
     *
     * @param {{ added?: { name: string }[], cloning: object | null }} voices `cloning`: why voices cannot be cloned
     */
    update({ added = [], cloning }) {
      panel.hidden = cloning !== null && added.length === 0;
      newVoice.hidden = cloning !== null;
      byId("added-voices", HTMLElement).replaceChildren(...added.map(({ name }) => createElement(
        "li",
        {},
        createElement("span", { textContent: name }),
        createRemoveButton("delete_voice", name, () => remove(name)),
      )));
    },
  };
}
