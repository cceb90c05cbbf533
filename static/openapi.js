// The page /openapi: Swagger UI over /openapi.json, in the reader's light or dark, with videos that play.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// Swagger UI shows pictures and plays sound; a video it would only offer as a file.
const addresses = new WeakMap();

function addressOf(blob) {
  if (!addresses.has(blob)) addresses.set(blob, URL.createObjectURL(blob));
  return addresses.get(blob);
}

const playsVideos = (system) => ({
  wrapComponents: {
    responseBody: (Original) => (props) => {
      const { createElement } = system.React;
      const original = createElement(Original, props);
      const { content, contentType } = props;
      if (!(content instanceof Blob) || !(contentType ?? "").startsWith("video/")) return original;
      const video = createElement("video", { controls: true, src: addressOf(content) });
      return createElement("div", null, video, original);
    },
  },
});

SwaggerUIBundle({
  url: "openapi.json", // relative, so that the page also works below a prefix
  domNode: document.getElementById("api"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing goes elsewhere
  plugins: [playsVideos],
});
