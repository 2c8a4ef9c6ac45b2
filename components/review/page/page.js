// One label at a time: shows it, lets it be changed, asks the server what states that gives, keeps the verdict.
import { Answers } from "./answers.js";
import { Frame } from "./frame.js";
import { Timeline, drawStates, drawTicks, isSpan, make, seconds } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const THUMB_PX = 76;
const SETTLE_MS = 120; // after the last change, before the server is asked

const state = { number: 0, verdicts: [], label: null, items: [], at: 0, asked: 0, busy: false, drafts: new Map() };
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const changed = () => state.label && !same(state.items, state.label.made);

async function ask(path, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let reply;
  try {
    reply = await fetch(path, sent);
  } catch {
    throw new Error("the server does not answer: is `streamo review` still running?");
  }
  const value = await reply.json();
  if (!reply.ok) throw new Error(value.error);
  return value;
}

const tell = (text, bad = false) => {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
};

// ---- one label

async function show(number) {
  keepDraft();
  clearTimeout(state.timer);
  Object.assign(state, { number, asked: state.asked + 1, busy: true }); // no key decides on a label not yet seen
  const mine = state.asked;
  let label;
  try {
    label = await ask(`item/${number}`);
  } catch (error) {
    if (mine === state.asked) fail(error);
    return;
  }
  if (mine !== state.asked) return;
  Object.assign(state, { label, items: state.drafts.get(number) ?? label.response });
  $("trouble").hidden = true;
  $("label").hidden = false;
  $("note").value = label.own?.note ?? "";
  describe();
  film();
  $("strip").alt = `frames of ${label.video} along the time axis`;
  $("cursor").max = String(label.duration_s);
  progress();
  rebuild();
  look(state.items.length ? firstSecond(state.items[0]) : Number(label.question[0]?.time || 0));
  state.busy = false;
  if (state.drafts.has(number)) recompute();
  else judge(label);
  // The edge that had the focus is gone: Tab goes on with the edges of this label, and no arrow moves one unseen.
  if (document.activeElement === document.body && state.moved) $("tracks").focus({ preventScroll: true });
  if (number + 1 < state.verdicts.length) fetch(`item/${number + 1}`); // so that its video is examined by then
}

// Frames along the axis, as many as fit.
function film() {
  const count = Math.max(3, Math.min(60, Math.round($("scale").clientWidth / THUMB_PX)));
  $("strip").src = `strip/${state.number}/${count}.jpg`;
}

const firstSecond = (item) => (isSpan(item) ? item.st_time : item.time);

function fail(error) {
  Object.assign(state, { label: null, items: [], busy: false });
  $("label").hidden = true;
  $("trouble").hidden = false;
  $("trouble").textContent = `Label ${state.number + 1} cannot be shown: ${error.message}. Reject it, or go on to the next.`;
  progress();
}

function describe() {
  const { label } = state;
  $("facts").replaceChildren();
  const kind = label.kind && label.kind !== label.task ? ` (${label.kind})` : "";
  for (const [name, value] of [["task", label.task + kind], ["video", `${label.video}, ${seconds(label.duration_s)}`],
    ["source", label.source], ["id", label.id]]) {
    const fact = make("li", $("facts"));
    make("span", fact, { className: "soft" }, `${name} `);
    make("span", fact, {}, value);
  }
  $("questions").replaceChildren();
  for (const { content, time } of label.question) {
    const line = make("li", $("questions"));
    make("button", line, { type: "button", className: "time", onclick: () => look(time) }, seconds(time));
    make("q", line, { dir: "auto" }, content);
  }
  $("add-instant").hidden = label.spans_only;
  $("not-a-stream").hidden = label.states !== null;
}

function progress() {
  const done = state.verdicts.filter(Boolean).length;
  const count = state.verdicts.length;
  const own = state.verdicts[state.number];
  const word = { approve: "approved", fix: "fixed", reject: "rejected" }[own];
  $("progress").textContent = `Label ${state.number + 1} of ${count}, ${done} done by ${state.reviewer}`
    + (word ? ` (this one ${word})` : "");
  $("bar").max = count;
  $("bar").value = done;
  $("done").hidden = done < count;
  for (const verdict of ["approve", "fix", "reject"]) $(verdict).classList.toggle("chosen", own === verdict);
}

const keepDraft = () => {
  if (changed()) state.drafts.set(state.number, state.items);
  else state.drafts.delete(state.number);
};

// ---- changes

const frame = new Frame($("frame"));
const answers = new Answers($("responses"), {
  put: (number, change, second) => put(number, change, second),
  remove: (number) => remove(number),
});
const timeline = new Timeline($("tracks"), {
  get items() { return state.items; },
  look: (second) => look(second),
  remove: (number) => remove(number),
  change: (number, item, second) => put(number, item, second),
});

function rebuild() {
  const { label, items } = state;
  timeline.build(items, label.turns, label.duration_s);
  answers.build(items, label.duration_s, label.texts_follow);
  $("quiet").hidden = items.length > 0;
  drawTicks($("ticks"), label.turns, $("scale").clientWidth);
}

const put = (number, change, second) => {
  state.items = state.items.with(number, { ...state.items[number], ...change });
  if (second !== undefined) look(second);
  edited();
};

function remove(number) {
  state.items = state.items.toSpliced(number, 1);
  rebuild();
  edited();
  (timeline.bar(Math.max(0, number - 1)) ?? $("add-span")).focus();
}

function add(span) {
  const { duration_s: end } = state.label;
  const start = Math.max(0, Math.min(state.at, end - 1));
  const times = span ? { st_time: start, end_time: Math.min(end, start + 2), time: "" }
    : { st_time: "", end_time: "", time: Math.min(state.at, Math.floor(end * 1000 - 1) / 1000) };
  const content = state.label.texts_follow ? `from ${start}s to ${times.end_time}s` : "";
  state.items = [...state.items, { content, ...times }];
  rebuild();
  edited();
  $("responses").lastElementChild.querySelector("textarea").focus();
}

function edited() {
  refresh();
  clearTimeout(state.timer);
  state.timer = setTimeout(recompute, SETTLE_MS);
}

// Places what changed, without building anything anew: the focus stays where it is.
function refresh() {
  timeline.place(state.items);
  answers.place(state.items);
  $("changed").hidden = !changed();
}

async function recompute() {
  const { number, items } = state;
  const mine = ++state.asked;
  try {
    const found = await ask(`states/${number}`, { response: items });
    if (mine !== state.asked || !same(items, state.items)) return;
    state.items = found.response;
    judge(found);
  } catch (error) {
    tell(error.message, true);
  }
}

// What the server says of the answers as they are: states, faults, what the conversion would set aside.
function judge(found) {
  refresh();
  drawStates($("states"), found.states);
  answers.judge(found.faults);
  $("aside").replaceChildren();
  const whole = found.faults.filter((fault) => fault.place < 0).map((fault) => fault.text);
  for (const text of [...whole, ...found.aside]) make("li", $("aside"), {}, `\u26a0 ${text}`);
}

// ---- the frame shown

function look(second) {
  const { label } = state;
  state.at = Math.max(0, Math.min(second, label.duration_s));
  $("at").textContent = seconds(state.at);
  $("cursor").value = String(state.at);
  $("here").style.left = `${(100 * state.at) / label.turns}%`;
  const [shown, x] = [$("scroll"), ($("scale").clientWidth * state.at) / label.turns];
  if (x < shown.scrollLeft || x > shown.scrollLeft + shown.clientWidth) shown.scrollLeft = x - shown.clientWidth / 2;
  frame.show(state.number, state.at, `the video at ${seconds(state.at)}`);
}

// ---- verdicts and keys

async function decide(verdict) {
  const { number, items } = state;
  if (state.busy) return undefined;
  if (!state.label && verdict !== "reject") return tell("this label cannot be shown: it can only be rejected", true);
  clearTimeout(state.timer);
  state.busy = true;
  try {
    const { verdicts } = await ask(`verdict/${number}`, { verdict, response: items, note: $("note").value });
    state.verdicts = verdicts;
    state.drafts.delete(number);
    if (state.label) state.label.made = items; // saved: nothing of it is a draft
    tell(`Label ${number + 1}: ${verdict} is saved.`);
  } catch (error) {
    return tell(`Not saved: ${error.message}`, true);
  } finally {
    state.busy = false;
  }
  const left = state.verdicts.map((one, place) => (one ? -1 : place)).filter((place) => place >= 0);
  const following = left.find((place) => place > number) ?? left[0];
  state.moved = true;
  if (following === undefined) progress();
  else await show(following);
  return undefined;
}

const go = (step) => {
  const to = state.number + step;
  if (to < 0 || to >= state.verdicts.length) tell(step < 0 ? "This is the first label." : "This is the last label.");
  else { tell(""); state.moved = true; show(to); }
};

const undo = () => {
  if (!state.label) return;
  state.items = state.label.made;
  rebuild();
  edited();
};

const KEYS = {
  a: () => decide("approve"), f: () => decide("fix"), r: () => decide("reject"),
  n: () => go(1), p: () => go(-1), u: undo, "?": () => $("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("textarea, input[type=text], input[type=number]");
  if (event.key === "Escape" && writing) writing.blur();
  if (writing || event.altKey || event.ctrlKey || event.metaKey || event.repeat || $("keys").open) return;
  if (!KEYS[event.key] || !$("letters").checked) return;
  event.preventDefault();
  KEYS[event.key]();
});
for (const verdict of ["approve", "fix", "reject"]) $(verdict).addEventListener("click", () => decide(verdict));
$("next").addEventListener("click", () => go(1));
$("previous").addEventListener("click", () => go(-1));
$("help").addEventListener("click", () => $("keys").showModal());
$("undo").addEventListener("click", undo);
$("add-span").addEventListener("click", () => add(true));
$("add-instant").addEventListener("click", () => add(false));
$("cursor").addEventListener("input", () => look($("cursor").valueAsNumber));
const fit = () => {
  if (!state.label) return;
  timeline.place(state.items);
  drawTicks($("ticks"), state.label.turns, $("scale").clientWidth);
};
$("zoom").addEventListener("input", () => {
  $("scale").style.width = `${100 * $("zoom").valueAsNumber}%`;
  fit();
  if (state.label) $("scroll").scrollLeft = ($("scale").clientWidth * state.at) / state.label.turns - $("scroll").clientWidth / 2;
});
$("zoom").addEventListener("change", () => state.label && film());
for (const box of [$("strip"), $("states")]) {
  box.addEventListener("click", (event) => {
    const { left, width } = $("scale").getBoundingClientRect();
    look(Math.round((((event.clientX - left) / width) * state.label.turns) * 4) / 4);
  });
}
window.addEventListener("resize", fit);

const { reviewer, verdicts } = await ask("session");
Object.assign(state, { reviewer, verdicts });
await show(Math.max(0, verdicts.findIndex((one) => !one)));
