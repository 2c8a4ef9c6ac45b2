"use strict";
// Filters by task and source, and a cursor over the seconds of each sample. Texts are set as text, never as markup.
(() => {
  const form = document.querySelector(".filters");
  const menus = [...form.querySelectorAll("select")];
  const cards = [...document.querySelectorAll("article")];
  const count = document.getElementById("count");

  const filter = () => {
    let shown = 0;
    for (const card of cards) {
      card.hidden = menus.some((menu) => menu.value && card.dataset[menu.id] !== menu.value);
      shown += card.hidden ? 0 : 1;
    }
    count.textContent = shown ? `${shown} of ${cards.length} shown` : "no sample has both";
  };
  menus.forEach((menu) => menu.addEventListener("change", filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();

  for (const card of cards) {
    const runs = JSON.parse(card.dataset.runs);
    const slider = card.querySelector("input");
    const axis = card.querySelector(".axis");
    const scroll = axis.parentElement;
    const now = card.querySelector(".now");
    const spoken = [...card.querySelectorAll("li[data-turn]")];
    const add = (name, text, kind) => {
      const part = document.createElement(name);
      part.textContent = text;
      if (kind) part.className = kind;
      now.append(part);
    };
    const show = () => {
      const turn = Number(slider.value);
      const state = runs.find(([, start, stop]) => start <= turn && turn < stop)[0];
      now.replaceChildren();
      add("b", `${turn} s`);
      add("span", state, `said ${state}`);
      for (const line of spoken) {
        line.classList.toggle("here", Number(line.dataset.turn) === turn);
        if (Number(line.dataset.turn) !== turn) continue;
        add("span", `${line.className.startsWith("asked") ? "asked: " : ""}\u201c${line.querySelector("span").textContent}\u201d`);
      }
      axis.style.setProperty("--at", String(turn));
      const wide = axis.offsetWidth / (Number(slider.max) + 1);
      const seen = turn * wide - scroll.scrollLeft; // keep the cursor in view where the axis scrolls
      if (seen < 0 || seen + wide > scroll.clientWidth) scroll.scrollLeft = (turn + 0.5) * wide - scroll.clientWidth / 2;
      slider.setAttribute("aria-valuetext", `${turn} s, ${state}`);
    };
    slider.addEventListener("input", show);
    axis.addEventListener("click", (event) => {
      if (event.target === slider) return;
      const box = axis.getBoundingClientRect();
      slider.value = String(Math.floor((event.clientX - box.left) / box.width * (Number(slider.max) + 1)));
      show();
    });
    slider.hidden = false;
    axis.classList.add("live");
    show();
  }
})();
