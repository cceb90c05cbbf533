// @ts-check
// Modules that read the page's configuration: the page stands before they are imported.
import assert from "node:assert/strict";
import { test } from "node:test";
import { installPage, installStorage } from "./page.js";

installPage({
  language: "uk",
  cookie: "page_language",
  messages: {
    en: { example_text: "Good evening!", voice: "Voice" },
    uk: { example_text: "Добрий вечір!", count: { one: "{n} слово", few: "{n} слова", many: "{n} слів", other: "{n} слова" } },
    kk: { example_text: "Қайырлы кеш!" },
  },
});
installStorage();
const { hasMessage, localized, pageLanguage, translate, translateInto } = await import("../../lipsync/server/static/shared/i18n.js");
const { isUsable } = await import("../../lipsync/server/static/studio/draft.js");
const { sortTimings } = await import("../../lipsync/server/static/studio/timings.js");

test("messages come in the language that the server chose", () => {
  assert.equal(pageLanguage(), "uk");
  assert.equal(translate("example_text"), "Добрий вечір!");
  assert.equal(translate("count", { n: 3 }), "3 слова");
  assert.equal(localized({ en: "Voice", uk: "Голос" }), "Голос");
});

test("a message that is missing shows its key", () => {
  assert.equal(translate("voice"), "voice");
  assert.ok(!hasMessage("voice"));
});

test("the example is in the spoken language where the page has that, else in its own", () => {
  assert.equal(translateInto("kk", "example_text"), "Қайырлы кеш!");
  assert.equal(translateInto("de", "example_text"), "Добрий вечір!");
});

test("a draft is usable for a month, and by its caller alone", () => {
  const day = 86_400_000;
  const draft = { owner: "anna", saved: 100 * day };
  assert.ok(isUsable(draft, "anna", 129 * day));
  assert.ok(!isUsable(draft, "anna", 131 * day));
  assert.ok(!isUsable(draft, "boris", 101 * day));
  assert.ok(!isUsable({ owner: "anna", saved: "x" }, "anna", 101 * day));
  assert.ok(!isUsable(null, "anna"));
});

test("timings are listed in the order of the work, without a short wait", () => {
  const timings = { total: 3, render: 1, wait: 0.01, portrait: 0.5, speech: 1 };
  assert.deepEqual(sortTimings(timings).map(([stage]) => stage), ["portrait", "speech", "render", "total"]);
  assert.deepEqual(sortTimings({ total: 3, wait: 2 }).map(([stage]) => stage), ["wait", "total"]);
});
