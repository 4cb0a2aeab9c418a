// Brings a report to life: values under the pointer, zoom, variants to hide,
// tables to sort, single trials to pick out. Without it nothing is missing to
// read. stepper.enhance(root) may be called again when root's content was
// replaced: what a reader has chosen stays.
"use strict";
window.stepper = (() => {
  const chosen = { hidden: new Set(), from: 0, to: 0, trial: null, sorted: {} }; // by names, for rows may move; to 0: to the end
  const one = (root, selector) => root.querySelector(selector);
  const all = (root, selector) => [...root.querySelectorAll(selector)];

  function make(name, attributes, ...content) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...content);
    return element;
  }
  function draw(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  // Amounts as the tables write them, times with the decimals that a step needs.
  const amount = mib => mib.toLocaleString("en", { minimumFractionDigits: mib < 10 ? 1 : 0, maximumFractionDigits: mib < 10 ? 1 : 0 }) + " MiB";
  const clock = seconds => seconds.toFixed(1) + " s";

  // nearest gives the place in a flat list of points, each of so many numbers the
  // first of which is its time, that is nearest to a time; -1 beyond its ends.
  function nearest(points, size, time) {
    const n = points.length / size;
    if (!n) return -1;
    const step = n > 1 ? (points[(n - 1) * size] - points[0]) / (n - 1) : 0;
    if (time < points[0] - step || time > points[(n - 1) * size] + step) return -1;
    let low = 0, high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle * size] < time) low = middle + 1; else high = middle;
    }
    if (low > 0 && time - points[(low - 1) * size] <= points[low * size] - time) low--;
    return low * size;
  }

  // A Picture is memory over time in one of its widths.
  class Picture {
    constructor(svg, data) {
      this.svg = svg;
      this.data = data;
      this.plot = one(svg, ".plot");
      const number = name => Number(this.plot.getAttribute(name));
      this.left = number("x"); this.top = number("y"); this.width = number("width"); this.height = number("height");
      this.perPixel = number("data-seconds"); this.bytes = number("data-bytes");
      this.end = this.width * this.perPixel;
      this.window(".shade", 0); // they are drawn from the plot's corner
      this.window(".lane", this.left);
      this.batches = all(svg, ":scope > text.m").map(text => ({ text, x: Number(text.getAttribute("x")) }));
      this.axis = one(svg, "g.x");
      this.first = this.axis.cloneNode(true);
      const ticks = all(this.axis, "text");
      this.unit = ticks[ticks.length - 1].textContent.replace(/[\d.,\s]/g, "") || "s";
      this.cross = draw("line", { class: "cross hidden", y1: 0, y2: this.height });
      this.brush = draw("rect", { class: "brush hidden", y: 0, height: this.height });
      this.plot.append(this.cross, this.brush);
    }
    // window moves what is drawn beside the curves into an element that can be
    // zoomed as theirs.
    window(selector, offset) {
      for (const path of all(this.svg, selector)) {
        const parent = path.parentNode;
        const view = draw("svg", { class: "along", "data-offset": offset, x: offset, y: 0, width: this.width, height: 4000,
          viewBox: `${offset} 0 ${this.width} 4000`, preserveAspectRatio: "none" });
        parent.replaceChild(view, path);
        view.append(path);
      }
    }
    zoom(from, to) {
      const x = from / this.perPixel, w = (to - from) / this.perPixel;
      const zoomed = from > 0 || to < this.end;
      this.from = from; this.to = to;
      this.plot.setAttribute("viewBox", `${x} 0 ${w} ${this.height}`);
      for (const view of all(this.svg, ".along")) {
        view.setAttribute("viewBox", `${Number(view.dataset.offset) + x} 0 ${w} 4000`);
      }
      for (const batch of this.batches) {
        const at = this.left + (batch.x - this.left - x) * this.width / w;
        batch.text.setAttribute("x", at);
        batch.text.classList.toggle("hidden", at < this.left || at > this.left + this.width);
      }
      this.svg.classList.toggle("zoomed", zoomed);
      this.axis.replaceChildren(...(zoomed ? this.ticks() : [...this.first.cloneNode(true).childNodes]));
    }
    // ticks marks round times within what is shown.
    ticks() {
      const size = { h: 3600, min: 60, s: 1, ms: 0.001 }[this.unit] || 1;
      const least = (this.to - this.from) / size / Math.max(2, this.width / 75);
      const power = 10 ** Math.floor(Math.log10(least));
      const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= least * 0.999);
      const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      const line = one(this.first, "line"), text = one(this.first, "text");
      const made = [];
      const last = Math.floor(this.to / size / step + 1e-6);
      for (let i = Math.ceil(this.from / size / step - 1e-6); i <= last; i++) {
        const x = this.left + (i * step * size - this.from) / (this.to - this.from) * this.width;
        const mark = line.cloneNode(), label = text.cloneNode();
        mark.setAttribute("x1", x); mark.setAttribute("x2", x);
        label.setAttribute("x", x);
        label.textContent = (i * step).toFixed(decimals) + (i === last ? " " + this.unit : "");
        made.push(mark, label);
      }
      return made;
    }
    // time gives the time under a place of the screen; null beside the plot.
    time(clientX, clientY, anywhere) {
      const box = this.svg.getBoundingClientRect();
      const scale = this.svg.viewBox.baseVal.width / box.width;
      const x = (clientX - box.left) * scale - this.left, y = (clientY - box.top) * scale - this.top;
      if (!anywhere && (x < 0 || x > this.width || y < 0 || y > this.height)) return null;
      return this.from + Math.min(1, Math.max(0, x / this.width)) * (this.to - this.from);
    }
    // place gives where a time is on the screen, from the canvas's left edge.
    place(time) {
      const scale = this.svg.getBoundingClientRect().width / this.svg.viewBox.baseVal.width;
      return (this.left + (time - this.from) / (this.to - this.from) * this.width) * scale;
    }
    path(points) {
      let d = "";
      for (let i = 0; i < points.length; i += 2) {
        d += (i ? "L" : "M") + (points[i] / this.perPixel).toFixed(2) + " " + (this.height - points[i + 1] * 1048576 / this.bytes).toFixed(2);
      }
      return d;
    }
  }

  // A Curves is the section of memory over time.
  class Curves {
    constructor(root, data) {
      this.root = root;
      this.data = data;
      this.canvas = one(root, ".over-time .canvas");
      this.tools = one(root, ".over-time .tools");
      this.pictures = all(this.canvas, "svg.memory").filter(svg => one(svg, ".plot .line")).map(svg => new Picture(svg, data));
      if (!this.pictures.length) return;
      this.end = this.pictures[0].end;
      this.tip = make("div", { class: "tip hidden" });
      this.said = make("p", { class: "unseen", "aria-live": "polite" });
      this.canvas.append(this.tip, this.said);
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "group");
      this.canvas.setAttribute("aria-label", "Memory over time. Arrow keys read the curves, plus and minus zoom, Escape shows all.");
      this.build();
      this.listen();
      this.show();
    }
    // build makes the buttons.
    build() {
      this.toggles = this.data.variants.map((variant, row) => {
        const key = one(this.root, `tr[data-row="${row}"] .key`);
        const button = make("button", { type: "button", title: variant.name }, ...(key ? [key.cloneNode(true)] : []), variant.name);
        button.addEventListener("click", () => {
          if (!chosen.hidden.delete(variant.name)) chosen.hidden.add(variant.name);
          this.show();
        });
        this.lights(button, row);
        return button;
      });
      const drawn = this.toggles.filter((_, row) => this.data.variants[row].line.length);
      const button = (text, label, act) => {
        const made = make("button", { type: "button", "aria-label": label, title: label }, text);
        made.addEventListener("click", act);
        return made;
      };
      this.out = button("−", "zoom out", () => this.scale(2));
      this.in = button("+", "zoom in", () => this.scale(0.5));
      this.reset = button("all", "show the whole time", () => this.zoom(0, 0));
      this.close = button("", "close the trial", () => { chosen.trial = null; this.show(); });
      this.tools.replaceChildren(...(drawn.length > 1 ? drawn : []), this.close, this.out, this.in, this.reset);
    }
    // lights makes a variant's curve stand out while something of it is pointed at.
    lights(element, row) {
      const light = on => {
        for (const line of all(this.root, `.plot .line[data-row="${row}"]`)) line.classList.toggle("lit", on);
      };
      element.addEventListener("pointerenter", () => light(true));
      element.addEventListener("pointerleave", () => light(false));
      element.addEventListener("focus", () => light(true));
      element.addEventListener("blur", () => light(false));
    }
    listen() {
      for (const label of all(this.canvas, ".label")) this.lights(label, Number(label.dataset.row));
      let down = null; // where a drag of the mouse began, as a time
      this.canvas.addEventListener("pointermove", event => {
        const picture = this.visible();
        if (down !== null) {
          this.brush(down, picture.time(event.clientX, event.clientY, true));
          return;
        }
        this.read(picture.time(event.clientX, event.clientY));
      });
      this.canvas.addEventListener("pointerdown", event => {
        const time = this.visible().time(event.clientX, event.clientY);
        if (time === null) return;
        this.read(time);
        if (event.pointerType === "mouse" && event.button === 0) {
          down = time;
          this.canvas.setPointerCapture(event.pointerId);
        }
      });
      const up = event => {
        if (down === null) return;
        const time = this.visible().time(event.clientX, event.clientY, true);
        const [from, to] = [Math.min(down, time), Math.max(down, time)];
        down = null;
        this.brush(0, 0);
        if (event.type === "pointerup" && to - from > this.end / 200) this.zoom(from, to);
      };
      this.canvas.addEventListener("pointerup", up);
      this.canvas.addEventListener("pointercancel", up);
      this.canvas.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") this.read(null); });
      this.canvas.addEventListener("blur", () => this.read(null));
      this.canvas.addEventListener("wheel", event => {
        const time = this.visible().time(event.clientX, event.clientY);
        if (!event.ctrlKey || time === null) return;
        event.preventDefault();
        this.scale(event.deltaY > 0 ? 1.25 : 0.8, time);
      }, { passive: false });
      this.canvas.addEventListener("keydown", event => this.key(event));
    }
    key(event) {
      if (event.target !== this.canvas || event.altKey || event.ctrlKey || event.metaKey) return;
      const { from, to } = this.visible();
      const step = (to - from) / (event.shiftKey ? 10 : 100);
      const at = this.at ?? (event.key === "ArrowLeft" ? to : from);
      const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: from, End: to };
      if (event.key in moves) {
        this.read(Math.min(this.end, Math.max(0, moves[event.key])));
        this.said.textContent = this.tip.dataset.text;
        if (this.at < from || this.at > to) this.scale(1, this.at);
      } else if (event.key === "+" || event.key === "=") {
        this.scale(0.5, this.at);
      } else if (event.key === "-") {
        this.scale(2, this.at);
      } else if (event.key === "Escape" || event.key === "0") {
        this.read(null);
        this.zoom(0, 0);
      } else {
        return;
      }
      event.preventDefault();
    }
    // visible is the picture that the style shows.
    visible() { return this.pictures.find(picture => picture.svg.getBoundingClientRect().width > 0) || this.pictures[0]; }
    // scale zooms around a time, or the middle.
    scale(factor, around) {
      const { from, to } = this.visible();
      const length = Math.min(this.end, Math.max(this.end / 400, (to - from) * factor));
      const middle = around ?? (from + to) / 2;
      const start = Math.min(this.end - length, Math.max(0, middle - length / 2));
      this.zoom(start, start + length);
    }
    zoom(from, to) {
      [chosen.from, chosen.to] = from <= 0 && to >= this.end ? [0, 0] : [from, to];
      this.show();
      this.said.textContent = chosen.to ? `${clock(chosen.from)} to ${clock(chosen.to)}` : "the whole time";
    }
    brush(from, to) {
      const picture = this.visible();
      picture.brush.classList.toggle("hidden", from === to);
      picture.brush.setAttribute("x", Math.min(from, to) / picture.perPixel);
      picture.brush.setAttribute("width", Math.abs(to - from) / picture.perPixel);
    }
    // read shows what the curves say of a time; null: nothing.
    read(time) {
      this.at = time;
      const picture = this.visible();
      this.tip.classList.toggle("hidden", time === null);
      picture.cross.classList.toggle("hidden", time === null);
      if (time === null) return;
      picture.cross.setAttribute("x1", time / picture.perPixel);
      picture.cross.setAttribute("x2", time / picture.perPixel);
      const lines = [make("b", {}, clock(time))], words = [clock(time)];
      const say = (name, row, value) => {
        const line = make("div", { "data-row": row }, make("span", {}, name), make("b", {}, value));
        lines.push(line);
        words.push(name + " " + value);
      };
      this.data.variants.forEach((variant, row) => {
        if (chosen.hidden.has(variant.name)) return;
        const i = nearest(variant.line, 4, time);
        say(variant.name, row, i < 0 ? "–" : amount(variant.line[i + 1]));
      });
      const trial = this.trial();
      if (trial) {
        const i = nearest(trial.points, 2, time);
        say(`${chosen.trial.name}, round ${trial.round}`, "trial", i < 0 ? "–" : amount(trial.points[i + 1]));
      }
      this.tip.replaceChildren(...lines);
      this.tip.dataset.text = words.join(", ");
      const x = picture.place(time), room = this.canvas.clientWidth, wide = this.tip.offsetWidth;
      this.tip.style.left = Math.max(0, x + 14 + wide > room ? x - 14 - wide : x + 14) + "px";
      this.tip.style.top = "24px";
    }
    // trial is the one that is picked out, if the data still has it.
    trial() {
      const variant = chosen.trial && this.data.variants.find(variant => variant.name === chosen.trial.name);
      return variant && variant.trials.find(trial => trial.round === chosen.trial.round);
    }
    // pick picks a trial out, or puts it back.
    pick(row, round) {
      const name = this.data.variants[row].name;
      chosen.trial = chosen.trial && chosen.trial.name === name && chosen.trial.round === round ? null : { name, round };
      if (chosen.trial) chosen.hidden.delete(name);
      this.show();
      if (chosen.trial) this.canvas.scrollIntoView({ block: "nearest" });
    }
    // show makes everything as it was chosen.
    show() {
      const trial = this.trial();
      const row = trial ? this.data.variants.findIndex(variant => variant.name === chosen.trial.name) : -1;
      this.data.variants.forEach((variant, i) => {
        const hidden = chosen.hidden.has(variant.name);
        this.toggles[i].setAttribute("aria-pressed", String(!hidden));
        for (const element of all(this.root, `.canvas svg [data-row="${i}"]`)) element.classList.toggle("hidden", hidden);
      });
      const length = chosen.to || this.end;
      for (const picture of this.pictures) {
        picture.zoom(Math.min(chosen.from, this.end * 0.99), Math.min(length, this.end));
        for (const old of all(picture.plot, ".chosen")) old.remove();
        picture.plot.classList.toggle("dimmed", row >= 0);
        if (row >= 0) {
          const like = one(picture.svg, `[data-row="${row}"]`);
          const colour = like ? [...like.classList].find(name => /^v\d+$/.test(name)) : "v" + row;
          picture.plot.append(draw("path", { class: "chosen " + colour, "data-row": row, d: picture.path(trial.points) }));
        }
      }
      this.close.classList.toggle("hidden", row < 0);
      this.close.textContent = row < 0 ? "" : `${chosen.trial.name}, round ${chosen.trial.round} ✕`;
      this.in.disabled = (chosen.to || this.end) - chosen.from <= this.end / 300;
      this.out.disabled = this.reset.disabled = !chosen.to;
      for (const button of all(this.root, "#trials .round button")) {
        const of = button.closest("tr");
        button.setAttribute("aria-pressed", String(Number(of.dataset.row) === row && Number(of.dataset.round) === (trial || {}).round));
      }
      for (const dot of all(this.root, ".peaks [data-round]")) {
        const of = dot.closest("[data-row]");
        dot.classList.toggle("picked", Number(of.dataset.row) === row && Number(dot.dataset.round) === (trial || {}).round);
      }
    }
  }

  // trials makes buttons of rounds, in the table and in the picture of the peaks.
  function trials(root, curves) {
    if (!curves.pictures.length) return;
    for (const cell of all(root, "#trials .round")) {
      const row = Number(cell.parentNode.dataset.row), round = Number(cell.parentNode.dataset.round);
      const variant = curves.data.variants[row];
      if (!variant || !variant.trials.some(trial => trial.round === round && trial.points.length)) continue;
      const button = make("button", { type: "button", "aria-pressed": "false", "aria-label": `show round ${round} of ${variant.name} in the curves` }, cell.textContent);
      button.addEventListener("click", () => curves.pick(row, round));
      cell.replaceChildren(button);
    }
    for (const dot of all(root, ".peaks [data-round]")) {
      dot.addEventListener("click", () => curves.pick(Number(dot.closest("[data-row]").dataset.row), Number(dot.dataset.round)));
    }
    curves.show();
  }

  // trade shows the figures of the point that is pointed at, or was touched.
  function trade(root) {
    const canvas = one(root, ".trade-of .canvas");
    if (!canvas) return;
    const tip = make("div", { class: "tip hidden" });
    canvas.append(tip);
    for (const point of all(canvas, ".point")) {
      const title = one(point, "title"), name = title.textContent.slice(0, -(point.dataset.say.length + 2));
      title.remove(); // or the browser would show it over ours
      point.setAttribute("aria-label", `${name}: ${point.dataset.say}`);
      const show = () => {
        tip.replaceChildren(make("b", {}, name), ...point.dataset.say.split(", ").map(part => make("div", {}, part)));
        tip.classList.remove("hidden");
        const mark = one(point, ".mark").getBoundingClientRect(), box = canvas.getBoundingClientRect();
        const x = mark.left - box.left, wide = tip.offsetWidth;
        tip.style.left = Math.max(0, x + 20 + wide > canvas.clientWidth ? x - 10 - wide : x + 20) + "px";
        tip.style.top = Math.max(0, mark.top - box.top - 12) + "px";
      };
      point.addEventListener("pointerenter", show);
      point.addEventListener("pointerleave", () => tip.classList.add("hidden"));
    }
  }

  // figure reads a cell as a number; words stay words.
  function figure(row, column) {
    const cell = row.cells[column];
    const text = (one(cell, ".value, .name") || cell).firstChild?.textContent ?? "";
    const whole = (one(cell, ".name") || cell).textContent.trim();
    const number = parseFloat(text.replace(/,/g, "").replace(/^−/, "-"));
    return Number.isNaN(number) || one(cell, ".name") ? whole : number;
  }
  // Missing figures come last, whichever way.
  function compare(a, b, way) {
    const kinds = [a, b].map(value => (typeof value === "number" ? 0 : value === "–" || value === "" ? 2 : 1));
    if (kinds[0] !== kinds[1]) return kinds[0] - kinds[1];
    return way * (kinds[0] ? String(a).localeCompare(String(b), "en") : a - b);
  }
  function sort(table, column, way) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.forEach((row, i) => { row.dataset.first ??= i; });
    rows.sort((a, b) => (way ? compare(figure(a, column), figure(b, column), way) : 0) || a.dataset.first - b.dataset.first);
    body.append(...rows);
    all(table, "thead th").forEach((head, i) => {
      if (way && i === column) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  }
  function sorting(table) {
    all(table, "thead th").forEach((head, column) => {
      const label = one(head, ".label");
      if (!label) return;
      const button = make("button", { type: "button", title: "sort" }, ...label.childNodes);
      button.addEventListener("click", () => {
        const last = chosen.sorted[table.id];
        const way = last && last.column === column ? { 1: -1, [-1]: 0, 0: 1 }[last.way] : 1;
        chosen.sorted[table.id] = { column, way };
        sort(table, column, way);
      });
      label.replaceChildren(button);
    });
    const last = chosen.sorted[table.id];
    if (last && last.way) sort(table, last.column, last.way);
  }

  function enhance(root) {
    const source = one(root, "#curves");
    if (!source || source.dataset.alive) return;
    source.dataset.alive = "yes";
    const curves = new Curves(root, JSON.parse(source.textContent));
    trials(root, curves);
    trade(root);
    all(root, ".scroll > table").filter(table => table.tBodies[0] && table.tBodies[0].rows.length > 1).forEach(sorting);
  }
  return { enhance };
})();
window.stepper.enhance(document.getElementById("report"));
