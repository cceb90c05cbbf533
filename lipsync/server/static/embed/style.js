// @ts-check
// The style sheet of <lipsync-avatar>. Light or dark is the `color-scheme` of the page.

const CSS = `
:host {
  --width: var(--lipsync-width, 22rem);
  --radius: var(--lipsync-radius, 16px);
  --accent: var(--lipsync-accent, #0f6b5c);
  --on-accent: var(--lipsync-on-accent, #ffffff);
  --background: var(--lipsync-background, #ffffff);
  --text: var(--lipsync-text, #1e1c19);
  --soft: var(--lipsync-soft, #645f57);
  --line: var(--lipsync-line, #8d877b);
  --tint: var(--lipsync-tint, #e4efeb);
  --error: var(--lipsync-error, #b3261e);
  display: block; container-type: inline-size; box-sizing: border-box; inline-size: var(--width); max-inline-size: 100%;
  color: var(--text); font: 1rem/1.5 var(--lipsync-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif);
  text-align: start;
}
@supports (color: light-dark(#fff, #000)) {
  :host {
    --accent: var(--lipsync-accent, light-dark(#0f6b5c, #6fcdb8));
    --on-accent: var(--lipsync-on-accent, light-dark(#ffffff, #0b2621));
    --background: var(--lipsync-background, light-dark(#ffffff, #201f1c));
    --text: var(--lipsync-text, light-dark(#1e1c19, #efebe3));
    --soft: var(--lipsync-soft, light-dark(#645f57, #a9a296));
    --line: var(--lipsync-line, light-dark(#8d877b, #7d766a));
    --tint: var(--lipsync-tint, light-dark(#e4efeb, #1d302c));
    --error: var(--lipsync-error, light-dark(#b3261e, #ff9a8d));
  }
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
p, ol { margin: 0; padding: 0; }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.container {
  display: grid; grid-template-columns: minmax(0, 1fr); overflow: hidden; border: 1px solid color-mix(in srgb, var(--line) 35%, transparent);
  border-radius: var(--radius); background: var(--background);
}
.stage { position: relative; aspect-ratio: .85; min-height: 12rem; overflow: hidden; background: #0f0e0d; }
.stage > img, .stage > video { position: absolute; inset: 0; display: block; width: 100%; height: 100%; object-fit: cover; }
.video { opacity: 0; transition: opacity .2s linear; pointer-events: none; }
.video.shown { opacity: 1; }
.state {
  position: absolute; inset-block-start: .75rem; inset-inline-start: .75rem; display: flex; align-items: center; gap: .5rem;
  max-width: calc(100% - 1.5rem); padding: .125rem .75rem; border-radius: 999px; background: rgb(0 0 0 / 72%); color: #fff; font-size: .875rem; font-weight: 500;
}
.state::before { content: ""; flex: none; width: .625rem; height: .625rem; border-radius: 50%; background: #b9b4aa; }
[data-phase="listening"] .state::before, [data-phase="speaking"] .state::before { background: #6fcdb8; }
[data-phase="hearing"] .state::before { background: #ff8a7a; }
[data-phase="thinking"] .state::before, [data-phase="connecting"] .state::before { background: #f3c969; animation: pulse 1.2s infinite; }
[data-phase="lost"] .state::before { background: #ff8a7a; animation: pulse 1.2s infinite; }
[data-phase="idle"] .state { display: none; }
@keyframes pulse { 50% { opacity: .3; } }
.caption {
  position: absolute; inset: auto .75rem .75rem; width: fit-content; max-width: calc(100% - 1.5rem); margin: 0 auto; padding: .375rem .75rem;
  border-radius: 10px; background: rgb(0 0 0 / 72%); color: #fff; line-height: 1.4; text-align: center; text-wrap: balance; overflow-wrap: anywhere;
}
.caption .rest { color: #b9b4aa; }
.begin-button {
  position: absolute; inset: auto 0 1.25rem; width: max-content; max-width: calc(100% - 1.5rem); margin-inline: auto;
  box-shadow: 0 4px 24px rgb(0 0 0 / 45%);
}

.controls { display: grid; gap: .75rem; align-content: start; min-width: 0; padding: .875rem; }
.begin-button, .talk-button, .send-button, .interrupt-button { min-height: 2.75rem; padding: .25rem 1.125rem; border-radius: 999px; font-weight: 600; }
.begin-button, .talk-button { border: 0; background: var(--accent); color: var(--on-accent); }
.send-button, .interrupt-button { border: 1px solid var(--line); background: none; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
.buttons:not(:has(> button:not([hidden]))) { display: none; }
.buttons > button { flex: 1 1 auto; }
.talk-button {
  --level: 0;
  display: inline-flex; align-items: center; justify-content: center; gap: .5rem; touch-action: none; user-select: none; -webkit-user-select: none;
  box-shadow: 0 0 0 calc(var(--level) * .5rem) color-mix(in srgb, var(--accent) 30%, transparent);
}
.talk-button.on {
  background: var(--error); color: var(--background); box-shadow: 0 0 0 calc(var(--level) * .5rem) color-mix(in srgb, var(--error) 30%, transparent);
}
.talk-button svg { flex: none; width: 1.25rem; height: 1.25rem; fill: currentcolor; }
.form { display: flex; flex-wrap: wrap; gap: .5rem; }
.input {
  flex: 1 1 9rem; min-width: 0; min-height: 2.75rem; padding: .25rem 1rem; border: 1px solid var(--line); border-radius: 999px; background: none;
}
.input::placeholder { color: var(--soft); opacity: 1; }
.error { color: var(--error); overflow-wrap: anywhere; }
.hint, .disclosure { color: var(--soft); font-size: .875rem; }
.error:empty, .hint:empty { display: none; }
.transcript { max-height: 11rem; overflow-y: auto; border-radius: 8px; }
.transcript ol { display: grid; gap: .5rem; list-style: none; }
.transcript li { display: grid; gap: .125rem; justify-items: start; }
.speaker { color: var(--soft); font-size: .75rem; }
.said { max-width: 92%; padding: .375rem .75rem; border-radius: 12px 12px 12px 4px; background: var(--tint); font-size: .9375rem; line-height: 1.4; overflow-wrap: anywhere; }
.transcript .user { justify-items: end; }
.transcript .user .said { border-radius: 12px 12px 4px; background: none; border: 1px solid color-mix(in srgb, var(--line) 50%, transparent); }

@container (min-width: 40rem) {
  .container { grid-template-columns: minmax(0, 1fr) minmax(18rem, 1fr); }
  .transcript { max-height: 16rem; }
}
@media (prefers-reduced-motion: reduce) {
  .state::before { animation: none !important; }
  .video { transition: none; }
}
`;

/** @type {CSSStyleSheet | null} */
let sheet = null;

/** One style sheet for all elements of the page; a content policy of the page does not concern it. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
