// The admin page: asks for the facts every few seconds and changes what has changed, nothing else.

const EVERY = 3000; // milliseconds

const { language, cookie, words } = JSON.parse(document.getElementById("facts").textContent);
const $ = (id) => document.getElementById(id);
const word = (key, values = {}) => words[language][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// --- numbers and times for a person

const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

function seconds(value) {
  if (value === null) return "";
  if (value < 90) return word("seconds", { n: number(value, value < 10 ? 1 : 0) });
  if (value < 5400) return word("minutes", { n: number(value / 60) });
  return value < 172800 ? word("hours", { n: number(value / 3600) }) : word("days", { n: number(value / 86400) });
}

const bytes = (value) => {
  if (value === null) return "";
  return value < 1e9 ? word("megabytes", { n: number(value / 1e6) }) : word("gigabytes", { n: number(value / 1e9, 1) });
};

function moment(text) {
  if (text === null) return "";
  const date = new Date(text);
  const sameDay = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(language, sameDay ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "medium" });
}

// --- changing what has changed

/** Give `element` this text, and leave it alone if it has it. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Children of `parent`, one for each of `items` by its key: kept, made by `make`, or removed; `fill` brings each up to date. */
function keep(parent, items, key, make, fill) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = there.get(name);
    there.delete(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    fill(child, item);
  }
  for (const child of there.values()) child.remove();
}

/** A table of `items`; each of `columns` is [class, fill(cell, item)]. */
function table(id, items, key, columns, count = items.length) {
  const element = $(id);
  const labels = [...element.tHead.rows[0].cells].map((cell) => cell.textContent);
  keep(element.tBodies[0], items, key, () => {
    const row = document.createElement("tr");
    columns.forEach(([name], index) => {
      const cell = row.insertCell();
      if (name) cell.className = name;
      cell.dataset.label = labels[index];
    });
    return row;
  }, (row, item) => columns.forEach(([, fill], index) => fill(row.cells[index], item)));
  element.hidden = items.length === 0;
  $(`${id}-nothing`).hidden = items.length > 0;
  write($(`${id}-count`), count ? number(count) : "");
}

const text = (of) => (cell, item) => write(cell, of(item));
const plain = (of) => ["", text(of)];
const id = (of) => ["id", (cell, item) => {
  write(cell, of(item).slice(0, 8));
  cell.title = of(item);
}];

// --- cells

function fillProgress(cell, job) {
  if (!cell.firstChild) {
    const bar = document.createElement("progress");
    bar.max = 1;
    cell.append(bar, document.createElement("span"));
  }
  const [bar, label] = cell.children;
  bar.value = job.progress;
  write(label, `${number(job.progress * 100)} % ${job.stage && word(`stage_${job.stage}`)}`);
}

function fillCancel(cell, job) {
  if (cell.firstChild) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word("cancel");
  button.setAttribute("aria-label", `${word("cancel")} ${job.id.slice(0, 8)}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await ask(`admin/jobs/${job.id}/cancel`, { method: "POST" });
    button.disabled = false;
    await refresh();
  });
  cell.append(button);
}

function fillState(cell, job) {
  if (!cell.firstChild) cell.append(document.createElement("span"));
  const [label] = cell.children;
  label.className = `state ${job.state}`;
  write(label, word(job.state));
  let problem = cell.querySelector("small");
  if (job.error && !problem) {
    problem = document.createElement("small");
    cell.append(problem);
  }
  if (job.error) {
    write(problem, job.error.code);
    problem.title = job.error.error;
  }
}

const OF_A_JOB = [id((job) => job.id), plain((job) => job.owner), plain((job) => job.avatar), plain((job) => job.language)];
const RUNNING = [...OF_A_JOB, plain((job) => number(job.characters)), ["", fillProgress], plain((job) => seconds(job.seconds_left)), ["act", fillCancel]];
const QUEUE = [...OF_A_JOB, plain((job) => number(job.characters)), ["time", text((job) => moment(job.created))], ["act", fillCancel]];
const RECENT = [
  ["time", text((job) => moment(job.ended))], ["", fillState], ...OF_A_JOB, plain((job) => seconds(job.duration)),
  plain((job) => seconds(job.seconds)), plain((job) => job.engine ?? ""), plain((job) => job.voice ?? ""),
];
const ERRORS = [
  ["time", text((error) => moment(error.when))], ["code", text((error) => error.code)], ["wide", text((error) => error.sentence)],
  plain((error) => (error.job ? `${word("job")} ${error.job.slice(0, 8)}` : error.where)), ["id", text((error) => error.request)],
];
const FOLDERS = [
  plain((folder) => word(folder.name === "state" ? "database" : folder.name)), plain((folder) => bytes(folder.used)),
  plain((folder) => bytes(folder.limit)), plain((folder) => bytes(folder.free)),
];

function tiles(facts) {
  const { memory, counts } = facts;
  const free = (left, total) => word("free_of", { free: bytes(left), total: bytes(total) });
  const all = [
    ["state", word(facts.problems.length ? "not_ready" : "ready"), memory.waiting ?? "", facts.problems.length ? "wrong" : "good"],
    ["uptime", seconds(facts.uptime), `lipsync ${facts.versions.lipsync}`],
    ["waiting", word("of", { count: number(counts.queued), limit: number(facts.queue_limit) })],
    ["running", number(counts.running)],
    ["done", number(counts.done)],
    ["failed", number(counts.failed)],
    ["cancelled", number(counts.cancelled)],
    ["watchers", number(facts.watchers)],
    ["requests", number(facts.requests)],
    ["threads", number(facts.threads)],
    ["files", number(facts.files)],
    ["memory", `${bytes(memory.resident)}`, `${word("resident")}; ${free(memory.free, memory.total)}`, memory.waiting ? "wrong" : ""],
  ];
  if (memory.vram_total !== null) all.push(["gpu", bytes(memory.vram_total - memory.vram_free), free(memory.vram_free, memory.vram_total)]);
  keep($("tiles"), all, ([name]) => name, ([name]) => {
    const tile = document.createElement("div");
    tile.append(...["dt", "dd", "dd"].map((kind) => document.createElement(kind)));
    tile.children[0].textContent = word(name);
    tile.children[2].className = "more";
    return tile;
  }, (tile, [, value, more = "", kind = ""]) => {
    tile.className = kind;
    write(tile.children[1], value);
    write(tile.children[2], more);
    tile.children[2].hidden = !more;
  });
}

function show(facts) {
  tiles(facts);
  $("problems").hidden = facts.problems.length === 0;
  keep($("problems"), facts.problems, ({ code }) => code, () => document.createElement("li"), (item, { sentence }) => write(item, sentence));
  const key = (job) => job.id;
  table("running", facts.running, key, RUNNING);
  table("queue", facts.queue, key, QUEUE, facts.counts.queued);
  table("errors", facts.errors, (error) => String(error.number), ERRORS);
  table("recent", facts.recent, key, RECENT);
  table("folders", facts.folders, (folder) => folder.name, FOLDERS, 0);
  write($("versions"), Object.entries(facts.versions).map((pair) => pair.join(" ")).join(" · "));
}

// --- asking

/** The answer's JSON, or null; why there is none stands in the notice. */
async function ask(path, options) {
  let problem = "";
  try {
    const response = await fetch(path, options);
    if (response.ok) {
      $("notice").hidden = true;
      return await response.json();
    }
    problem = response.status === 401 || response.status === 403 ? word("not_allowed") : await response.text();
  } catch {
    problem = word("lost");
  }
  write($("notice"), problem);
  $("notice").hidden = false;
  return null;
}

async function refresh() {
  const facts = await ask("admin/facts");
  if (facts) show(facts);
}

/** A page that nobody sees asks for nothing. */
async function forEver() {
  let wake = () => {};
  document.addEventListener("visibilitychange", () => wake());
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, EVERY);
    });
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    document.cookie = `${cookie}=${button.dataset.language}; path=${new URL(".", location.href).pathname}; max-age=31536000; SameSite=Lax`;
    location.reload();
  });
}

forEver();
