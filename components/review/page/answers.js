// The answers as a list: their texts and times in fields. Texts are set as text, never as markup.
import { isSpan, make } from "./timeline.js";

// Reports changes: view.put(number, {field: value}, second to look at), view.remove(number).
export class Answers {
  constructor(list, view) {
    Object.assign(this, { list, view, items: [] });
  }

  build(items, duration, readOnly) {
    this.list.replaceChildren();
    this.items = items;
    this.rows = items.map((item, number) => this.row(item, number, duration, readOnly));
  }

  row(item, number, duration, readOnly) {
    const row = make("li", this.list);
    const text = make("textarea", row, { rows: 1, value: item.content, readOnly, dir: "auto" });
    text.setAttribute("aria-label", `text of answer ${number + 1}`);
    if (readOnly) text.title = "follows the times";
    text.addEventListener("input", () => this.view.put(number, { content: text.value }));
    const line = make("div", row, { className: "row" });
    const names = isSpan(item) ? { st_time: "from", end_time: "to" } : { time: "at" };
    const fields = Object.entries(names).map(([key, name]) => this.field(line, number, key, name, duration));
    const out = make("button", line, { type: "button", className: "quiet" }, "Remove");
    out.setAttribute("aria-label", `remove answer ${number + 1}`);
    out.addEventListener("click", () => this.view.remove(number));
    return { text, fields, faults: make("p", row, { className: "faults" }) };
  }

  field(line, number, key, name, duration) {
    const label = make("label", line, {}, `${name} `);
    const field = make("input", label, { type: "number", step: "0.25", min: "0", max: String(duration) });
    field.dataset.key = key;
    field.setAttribute("aria-label", `${name} second, answer ${number + 1}`);
    field.addEventListener("change", () => {
      if (Number.isFinite(field.valueAsNumber)) this.view.put(number, { [key]: field.valueAsNumber }, field.valueAsNumber);
      else field.value = this.items[number][key];
    });
    make("span", label, {}, " s");
    return field;
  }

  // Shows changed values without building anything anew: the focus stays where it is.
  place(items) {
    this.items = items;
    this.rows.forEach(({ text, fields }, number) => {
      const item = items[number];
      if (text.value !== item.content) text.value = item.content;
      for (const field of fields) {
        if (field.valueAsNumber !== item[field.dataset.key]) field.value = item[field.dataset.key];
      }
    });
  }

  judge(faults) {
    this.rows.forEach((row, number) => {
      const mine = faults.filter((fault) => fault.place === number).map((fault) => `\u26a0 ${fault.text}`);
      row.faults.textContent = mine.join("; ");
      row.text.setAttribute("aria-invalid", String(mine.length > 0));
    });
  }
}
