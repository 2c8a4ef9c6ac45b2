"use strict";
// The clips as a viewer: one at a time, with a cursor on one second. Texts are set as text, never as markup.
(() => {
  const box = document.querySelector(".browser");
  if (!box) return;
  const clips = [...box.querySelectorAll(".clip")];
  let at = 0;
  let turn = 0;

  const make = (name, parent, text) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  const bar = document.createElement("div");
  bar.className = "controls";
  box.prepend(bar);
  const button = (text, label, action) => {
    const one = make("button", bar, text);
    one.type = "button";
    one.setAttribute("aria-label", label);
    one.addEventListener("click", action);
    return one;
  };
  button("\u2190", "previous clip", () => show(at - 1));
  const choice = make("select", bar);
  choice.setAttribute("aria-label", "clip");
  button("\u2192", "next clip", () => show(at + 1));
  const count = make("span", bar);
  count.className = "quiet";
  const groups = new Map();
  clips.forEach((clip, number) => {
    const name = clip.dataset.group;
    if (!groups.has(name)) {
      groups.set(name, make("optgroup", choice));
      groups.get(name).label = name;
    }
    make("option", groups.get(name), clip.dataset.title).value = String(number);
  });
  choice.addEventListener("change", () => show(Number(choice.value)));

  const now = document.createElement("p");
  now.className = "now";
  now.setAttribute("aria-live", "polite");

  const told = (row) => {
    const cell = row.querySelector(".cells").children[turn];
    if (!cell) return "";
    const said = cell.dataset.text ? ` \u201c${cell.dataset.text}\u201d` : "";
    return `${row.querySelector(".name").textContent}: ${cell.classList[0]}${said}`;
  };
  const mark = () => {
    const clip = clips[at];
    const last = Number(clip.dataset.turns) - 1;
    turn = Math.max(0, Math.min(turn, last));
    clip.querySelectorAll(".here").forEach((old) => old.classList.remove("here"));
    const rows = [...clip.querySelectorAll(".row.states")];
    rows.forEach((row) => row.querySelector(".cells").children[turn]?.classList.add("here"));
    [...clip.querySelectorAll(".film img")].filter((frame) => Number(frame.dataset.turn) <= turn).pop()?.classList.add("here");
    now.replaceChildren();
    make("b", now, `second ${turn}`);
    rows.map(told).filter(Boolean).forEach((line) => make("span", now, line));
  };
  const show = (number) => {
    at = (number + clips.length) % clips.length;
    clips.forEach((clip, other) => { clip.hidden = other !== at; });
    choice.value = String(at);
    count.textContent = `clip ${at + 1} of ${clips.length}`;
    clips[at].querySelector(".track").after(now);
    turn = 0;
    mark();
  };
  const move = (to) => { turn = to; mark(); };

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "clips; arrows move through seconds and clips");
  box.addEventListener("keydown", (event) => {
    if (event.target === choice || event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = {
      ArrowLeft: () => move(turn - 1),
      ArrowRight: () => move(turn + 1),
      Home: () => move(0),
      End: () => move(Infinity),
      ArrowUp: () => show(at - 1),
      ArrowDown: () => show(at + 1),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  });
  box.addEventListener("click", (event) => {
    const frame = event.target.closest(".film img");
    const cell = event.target.closest(".states .cells > i");
    if (frame) move(Number(frame.dataset.turn));
    if (cell) move([...cell.parentElement.children].indexOf(cell));
  });
  box.classList.add("live");
  show(0);
})();
