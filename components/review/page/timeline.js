// The time axis: answers as bars with edges, moved by mouse, touch and keys. Texts are set as text, never as markup.

export const STEP_S = 0.25; // an arrow key
const LEAP_S = 1; // with shift
const DRAG_S = 0.05; // what a mouse can be held to
const SHORTEST_S = 0.05; // a span
const LANE_PX = 38;
const GAP_PX = 32; // between two answers of a lane: room for their edges

const round = (seconds) => Math.round(seconds * 1000) / 1000;
const snap = (seconds) => round(Math.round(seconds / DRAG_S) * DRAG_S);
const within = (seconds, low, high) => Math.min(Math.max(seconds, low), Math.max(low, high));
export const isSpan = (item) => item.st_time !== "";
export const seconds = (value) => `${Number(value.toFixed(3))} s`;

export const make = (name, parent, properties = {}, text = "") => {
  const element = document.createElement(name);
  Object.assign(element, properties);
  if (text) element.textContent = text;
  parent?.append(element);
  return element;
};

// A moved answer: `part` is start, end or whole; `to` is where that part's first second goes.
export function moved(item, part, to, duration) {
  if (!isSpan(item)) return { ...item, time: round(within(to, 0, Math.floor(duration * 1000 - 1) / 1000)) };
  const { st_time: start, end_time: end } = item;
  if (part === "start") return { ...item, st_time: round(within(to, 0, end - SHORTEST_S)) };
  if (part === "end") return { ...item, end_time: round(within(to, start + SHORTEST_S, duration)) };
  const first = round(within(to, 0, duration - (end - start)));
  return { ...item, st_time: first, end_time: round(first + end - start) };
}

const position = (item, part) => (isSpan(item) ? (part === "end" ? item.end_time : item.st_time) : item.time);

const NAMES = { start: "start", end: "end", whole: "all of" };

// Draws `tracks` for `view.items` and reports changes: view.change(number, item, second) while something moves,
// view.look(second) on focus, view.remove(number).
export class Timeline {
  constructor(tracks, view) {
    Object.assign(this, { tracks, view, handles: [], held: false });
  }

  build(items, turns, duration) {
    Object.assign(this, { turns, duration });
    this.tracks.replaceChildren();
    this.handles = items.map((item, number) => {
      const parts = isSpan(item) ? ["start", "whole", "end"] : ["whole"]; // the order of Tab
      return Object.fromEntries(parts.map((part) => [part, this.handle(number, part, isSpan(item))]));
    });
    this.place(items);
  }

  bar(number) {
    return this.handles[number]?.whole;
  }

  handle(number, part, span) {
    const kind = part === "whole" ? (span ? "bar" : "instant") : `edge ${part}`;
    const handle = make("div", this.tracks, { className: kind, tabIndex: 0 });
    handle.setAttribute("role", "slider");
    handle.dataset.number = String(number);
    handle.dataset.part = part;
    handle.addEventListener("keydown", (event) => this.key(event, number, part));
    handle.addEventListener("pointerdown", (event) => this.grab(event, number, part));
    handle.addEventListener("focus", () => this.view.look(position(this.view.items[number], part)));
    return handle;
  }

  // Lane by lane: an answer takes the first one in which it has room. While something is held, lanes stay.
  lanes(items) {
    const gap = (GAP_PX * this.turns) / this.tracks.clientWidth;
    const ends = [];
    const order = items.map((item, number) => [position(item, "start"), position(item, "end"), number]);
    order.sort((one, other) => one[0] - other[0] || one[2] - other[2]);
    for (const [start, end, number] of order) {
      const free = ends.findIndex((taken) => taken + gap <= start);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = end;
      for (const handle of Object.values(this.handles[number])) handle.style.top = `${LANE_PX * lane + 5}px`;
    }
    this.tracks.style.height = `${LANE_PX * Math.max(1, ends.length)}px`;
  }

  place(items) {
    if (!this.held) this.lanes(items);
    items.forEach((item, number) => {
      const handles = this.handles[number];
      const percent = (second) => `${(100 * second) / this.turns}%`;
      const what = `answer ${number + 1}, ${item.content || "no text yet"}`;
      for (const [part, handle] of Object.entries(handles)) {
        const at = position(item, part);
        handle.style.left = percent(at);
        handle.setAttribute("aria-label", `${isSpan(item) ? NAMES[part] : "instant of"} ${what}`);
        handle.setAttribute("aria-valuemin", "0");
        handle.setAttribute("aria-valuemax", String(this.duration));
        handle.setAttribute("aria-valuenow", String(at));
        handle.setAttribute("aria-valuetext", isSpan(item) && part === "whole"
          ? `from ${seconds(item.st_time)} to ${seconds(item.end_time)}` : seconds(at));
      }
      const bar = handles.whole;
      bar.textContent = isSpan(item) ? `${number + 1}  ${item.content}` : String(number + 1);
      if (isSpan(item)) bar.style.width = percent(item.end_time - item.st_time);
    });
  }

  key(event, number, part) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? LEAP_S : STEP_S;
    const at = position(this.view.items[number], part);
    const to = {
      ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, Home: 0, End: this.duration,
    }[event.key];
    if (event.key === "Delete") {
      event.preventDefault();
      this.view.remove(number);
    } else if (to !== undefined) {
      event.preventDefault();
      this.move(number, part, to);
    }
  }

  grab(event, number, part) {
    if (event.button !== 0) return;
    event.preventDefault();
    const handle = event.currentTarget;
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    const { left, width } = this.tracks.getBoundingClientRect();
    const second = (one) => ((one.clientX - left) / width) * this.turns;
    const off = position(this.view.items[number], part) - second(event); // the edge does not jump to the pointer
    const drag = (one) => this.move(number, part, snap(second(one) + off));
    const end = () => {
      handle.removeEventListener("pointermove", drag);
      handle.classList.remove("held");
      this.held = false;
      this.place(this.view.items);
    };
    this.held = true;
    handle.classList.add("held");
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", end, { once: true });
  }

  move(number, part, to) {
    const item = moved(this.view.items[number], part, to, this.duration);
    this.view.change(number, item, position(item, part));
  }
}

// The states a turn as cells whose height and pattern tell the state too, and in words for screen readers.
export function drawStates(box, states) {
  box.replaceChildren();
  box.hidden = !states?.length;
  if (box.hidden) return;
  box.style.setProperty("--turns", states.length);
  const runs = [];
  states.forEach(({ state, text, questions }, turn) => {
    const cell = make("span", box, { className: state });
    cell.dataset.turn = String(turn);
    if (questions.length) cell.classList.add("asked");
    const said = text === null ? "" : `: ${text}`;
    cell.title = [`second ${turn}: ${state}${said}`, ...questions.map((one) => `asked: ${one}`)].join("\n");
    const last = runs.at(-1);
    if (last?.state === state && text === null) last.end = turn + 1;
    else runs.push({ state, said, start: turn, end: turn + 1 });
  });
  box.setAttribute("aria-label", `states: ${runs.map((run) => `${run.start} to ${run.end} s ${run.state}${run.said}`).join("; ")}`);
}

export function drawTicks(box, turns, width) {
  box.replaceChildren();
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((one) => (width * one) / turns >= 44) ?? 7200;
  for (let second = 0; second < turns; second += step) {
    make("span", box, {}, `${second}s`).style.left = `${(100 * second) / turns}%`;
  }
}
