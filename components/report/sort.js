"use strict";
// Every table of the page sorts: a click, Enter or Space on a column title. Bodies (the parts of a table) keep
// their order and their title row; within a body rows without a value stay last either way.
(() => {
  const valueOf = (cell) => {
    if (!cell) return null;
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("small").forEach((small) => small.remove());
    const text = copy.textContent.trim();
    if (text === "" || text === "\u2013") return null;
    const number = /^[+\-\u2212]?[\d,]*\.?\d+/.exec(text);
    return number ? Number(number[0].replace(/,/g, "").replace("\u2212", "-")) : text.toLowerCase();
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const sortBody = (body, column, sign) => {
    const rows = [...body.rows].filter((row) => !row.classList.contains("part"));
    const keyed = rows.map((row) => ({ row, key: valueOf(row.cells[column]) }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * compare(a.key, b.key);
    });
    keyed.forEach(({ row }) => body.append(row));
  };
  const sortBy = (table, title) => {
    const titles = [...table.tHead.rows[0].cells];
    const column = titles.indexOf(title);
    const first = table.querySelector("tbody tr:not(.part)");
    const words = typeof valueOf(first && first.cells[column]) === "string"; // words begin with a, figures with the best
    const was = title.getAttribute("aria-sort");
    const up = was === "none" ? words : was === "descending";
    titles.forEach((one) => one.setAttribute("aria-sort", "none"));
    title.setAttribute("aria-sort", up ? "ascending" : "descending");
    [...table.tBodies].forEach((body) => sortBody(body, column, up ? 1 : -1));
  };
  document.querySelectorAll("main table").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((title) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...title.childNodes);
      title.append(button);
      title.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sortBy(table, title));
    });
  });
})();
