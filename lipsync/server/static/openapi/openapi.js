// @ts-check
// The page /openapi: Swagger UI over /openapi.json, in light or dark as the browser prefers, with videos that play.

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const applyScheme = () => document.documentElement.classList.toggle("dark-mode", darkScheme.matches);
darkScheme.addEventListener("change", applyScheme);
applyScheme();

/** @type {WeakMap<Blob, string>} */
const blobUrls = new WeakMap();

/** @param {Blob} blob */
function urlOf(blob) {
  const url = blobUrls.get(blob) ?? URL.createObjectURL(blob);
  blobUrls.set(blob, url);
  return url;
}

/**
 * A plugin for Swagger UI, which shows pictures and plays sound by itself, and offers videos as files only.
 *
 * @param {any} system
 */
const playVideos = (system) => ({
  wrapComponents: {
    responseBody: (/** @type {any} */ ResponseBody) => (/** @type {any} */ props) => {
      const { createElement } = system.React;
      const original = createElement(ResponseBody, props);
      const { content, contentType } = props;
      if (!(content instanceof Blob) || !(contentType ?? "").startsWith("video/")) return original;
      return createElement("div", null, createElement("video", { controls: true, src: urlOf(content) }), original);
    },
  },
});

/** @type {any} */ (window).SwaggerUIBundle({
  url: "openapi.json", // relative, so that the page also works below a path prefix
  domNode: document.getElementById("api"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is sent to another server
  plugins: [playVideos],
});
