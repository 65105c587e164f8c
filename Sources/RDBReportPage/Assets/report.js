"use strict";
(() => {
  // MARK: The theme

  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  const themeButton = document.getElementById("theme");
  const setTheme = (theme) => {
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    themeButton.textContent = "Theme: " + theme;
  };
  themeButton.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme || "system") + 1) % themes.length];
    setTheme(next);
  });

  // MARK: Tables

  const key = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.v;
    return value === undefined ? cell.textContent : value === "" ? null : BigInt(value);
  };
  const compare = (a, b) =>
    a === b ? 0 : a === null ? -1 : b === null ? 1 : typeof a === "bigint" ? (a < b ? -1 : 1) : a.localeCompare(b, "en");
  const sort = (head) => {
    const column = head.cellIndex;
    const body = head.closest("table").tBodies[0];
    const isNumber = head.classList.contains("n");
    const now = head.getAttribute("aria-sort");
    const next = now === "none" ? (isNumber ? "descending" : "ascending") : now === "descending" ? "ascending" : "descending";
    for (const other of head.parentNode.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", next);
    const sign = next === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    // Rows without a value are last in both directions.
    rows.sort((a, b) => a[0] === null || b[0] === null ? -compare(a[0], b[0]) : sign * compare(a[0], b[0]));
    body.append(...rows.map((row) => row[1]));
  };
  for (const button of document.querySelectorAll("thead button")) {
    button.addEventListener("click", () => sort(button.parentNode));
  }
  for (const input of document.querySelectorAll("input[data-filters]")) {
    const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
    const output = input.parentNode.querySelector("output");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      let count = 0;
      for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        if (!row.hidden) count += 1;
      }
      output.textContent = wanted === "" ? rows.length + " rows" : count + " of " + rows.length + " rows";
    });
  }

  // MARK: The tooltip

  const tip = document.getElementById("tip");
  const showTip = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8));
    const top = y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 12) : y + 18;
    tip.style.left = left + "px";
    tip.style.top = top + "px";
  };
  const hideTip = () => { tip.hidden = true; };

  // MARK: The prefixes

  const chart = document.getElementById("chart");
  if (!chart) return;
  const nodes = JSON.parse(document.getElementById("prefix-data").textContent).map((row, index) => ({
    index, parent: row[0], memory: row[1], never: row[2], label: row[3], name: row[4], memoryText: row[5],
    share: row[6], keys: row[7], neverText: row[8], children: [], depth: 0,
  }));
  for (const node of nodes) {
    if (node.parent < 0) continue;
    node.depth = nodes[node.parent].depth + 1;
    nodes[node.parent].children.push(node);
  }
  for (const node of nodes) node.children.sort((a, b) => b.memory - a.memory || a.index - b.index);

  const svgNamespace = "http://www.w3.org/2000/svg";
  const make = (name, attributes, parent) => {
    const element = document.createElementNS(svgNamespace, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const fit = (text, size, width) => {
    pen.font = size + "px " + family;
    if (pen.measureText(text).width <= width) return text;
    const letters = [...text];
    let low = 0, high = letters.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(letters.slice(0, middle).join("") + "…").width <= width) low = middle; else high = middle - 1;
    }
    return low === 0 ? "" : letters.slice(0, low).join("") + "…";
  };

  const pathOf = (node) => node.parent < 0 ? [node] : [...pathOf(nodes[node.parent]), node];
  const depthBelow = (node) => node.children.reduce((most, child) => Math.max(most, 1 + depthBelow(child)), 0);
  const describe = (node) =>
    node.name + ": " + node.memoryText + ", " + node.share + " of the memory, " + node.keys + ", " + node.neverText + " never expires";

  let top = nodes[0];
  let current = nodes[0];
  let isTreemap = false;
  let boxes = [];

  // Rows of 44 pixels: the ancestors of the top, the top, and the levels below it.
  const icicle = (width) => {
    const rowHeight = 44;
    const path = pathOf(top);
    const result = path.map((node, row) => ({ node, x: 0, y: row * rowHeight, width, height: rowHeight }));
    const below = (node, x, y, width) => {
      let left = x;
      for (const child of node.children) {
        const part = node.memory > 0 ? width * child.memory / node.memory : 0;
        if (part < 0.75) break;
        result.push({ node: child, x: left, y, width: part, height: rowHeight });
        below(child, left, y + rowHeight, part);
        left += part;
      }
    };
    below(top, 0, path.length * rowHeight, width);
    return { boxes: result, height: (path.length + depthBelow(top)) * rowHeight };
  };

  // A squarified treemap: each row of boxes is as close to squares as the next box allows.
  const treemap = (width) => {
    const height = Math.max(320, Math.min(520, Math.round(width * 0.5)));
    const head = 22;
    const result = [];
    const place = (node, x, y, width, height, level) => {
      result.push({ node, x, y, width, height, isLeaf: true });
      if (node.children.length === 0 || level === 3 || width < 50 || height < head + 34) return;
      result[result.length - 1].isLeaf = false;
      fill(node, x + 3, y + head, width - 6, height - head - 3, level + 1);
    };
    const fill = (node, x, y, width, height, level) => {
      const area = width * height;
      let rest = node.children.map((child) => ({ child, area: node.memory > 0 ? area * child.memory / node.memory : 0 }));
      rest = rest.filter((item) => item.area >= 4);
      while (rest.length > 0 && width > 1 && height > 1) {
        const side = Math.min(width, height);
        const worst = (row, sum) => {
          const length = sum / side;
          return Math.max(...row.map((item) => Math.max(length * length / item.area, item.area / (length * length))));
        };
        const row = [rest.shift()];
        let sum = row[0].area;
        while (rest.length > 0 && worst([...row, rest[0]], sum + rest[0].area) <= worst(row, sum)) {
          sum += rest[0].area;
          row.push(rest.shift());
        }
        const length = Math.min(sum / side, width >= height ? width : height);
        let along = 0;
        for (const item of row) {
          const part = item.area / length;
          if (width >= height) place(item.child, x, y + along, length, part, level);
          else place(item.child, x + along, y, part, length, level);
          along += part;
        }
        if (width >= height) { x += length; width -= length; } else { y += length; height -= length; }
      }
    };
    place(top, 0, 0, width, height, 0);
    return { boxes: result, height };
  };

  const draw = (takesFocus) => {
    hideTip();
    const width = Math.max(chart.clientWidth, 200);
    const layout = isTreemap ? treemap(width) : icicle(width);
    boxes = layout.boxes;
    if (!boxes.some((box) => box.node === current)) current = top;
    chart.replaceChildren();
    const svg = make("svg", {
      viewBox: "0 0 " + width + " " + layout.height, height: layout.height, role: "tree", "aria-label": "Memory by prefix",
    }, chart);
    for (const box of boxes) {
      const node = box.node;
      const step = Math.round(node.never * 10);
      const group = make("g", {
        role: "treeitem", "aria-level": node.depth + 1, "aria-label": describe(node), "data-node": node.index,
        tabindex: node === current ? 0 : -1, "aria-selected": node === top,
      }, svg);
      if (node.children.length > 0) group.setAttribute("aria-expanded", String(boxes.some((other) => other.node.parent === node.index)));
      make("rect", { class: "c" + step, x: box.x, y: box.y, width: Math.max(box.width, 0.5), height: box.height, rx: 3 }, group);
      label(group, box, step < 4 ? "on-dark" : "on-light");
    }
    showPath();
    if (takesFocus) focus(current);
  };

  const label = (group, box, tone) => {
    const room = box.width - 14;
    if (room < 24 || box.height < 20) return;
    const node = box.node;
    const isOneLine = box.height < 40 || (isTreemap && !box.isLeaf);
    // Isolates keep a name that runs from right to left apart from its figure.
    const line = "\u2068" + node.label + "\u2069  " + node.memoryText;
    const name = isOneLine && fit(line, 13, room) === line ? line : fit(node.label, 13, room);
    const text = (content, y, kind) => {
      if (content === "") return;
      make("text", { x: box.x + 7, y: box.y + y, class: tone + kind }, group).textContent = content;
    };
    text(name, 16.5, "");
    if (isOneLine) return;
    const full = node.memoryText + (node.parent < 0 ? " · " + node.neverText + " never expires" : "");
    pen.font = "12px " + family;
    const figure = [full, node.memoryText].find((text) => pen.measureText(text).width <= room);
    if (figure) text(figure, 33.5, " small");
  };

  const showPath = () => {
    const nav = document.getElementById("path");
    nav.replaceChildren();
    const path = pathOf(top);
    if (path.length < 2) return;
    for (const node of path) {
      const button = document.createElement("button");
      button.type = "button";
      const name = document.createElement("bdi");
      name.textContent = node.label;
      button.append(name);
      if (node === top) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => zoom(node, false));
      nav.append(button);
    }
  };

  const zoom = (node, takesFocus) => {
    top = node;
    current = node;
    draw(takesFocus);
  };
  const groupOf = (node) => chart.querySelector('[data-node="' + node.index + '"]');
  const focus = (node) => {
    const group = groupOf(node);
    if (!group) return;
    const old = groupOf(current);
    if (old) old.setAttribute("tabindex", "-1");
    current = node;
    group.setAttribute("tabindex", "0");
    group.focus();
  };
  const nodeAt = (event) => {
    const group = event.target.closest ? event.target.closest("g[data-node]") : null;
    return group ? nodes[Number(group.dataset.node)] : null;
  };

  chart.addEventListener("click", (event) => {
    const node = nodeAt(event);
    if (node) zoom(node === top && node.parent >= 0 ? nodes[node.parent] : node, true);
  });
  chart.addEventListener("mousemove", (event) => {
    const node = nodeAt(event);
    if (node) showTip(describe(node), event.clientX, event.clientY); else hideTip();
  });
  chart.addEventListener("mouseleave", hideTip);
  chart.addEventListener("focusin", (event) => {
    const node = nodeAt(event);
    if (!node || !event.target.matches(":focus-visible")) return;
    const box = event.target.getBoundingClientRect();
    showTip(describe(node), box.left, box.bottom - 12);
  });
  chart.addEventListener("focusout", hideTip);
  chart.addEventListener("keydown", (event) => {
    const shown = (node) => boxes.some((box) => box.node === node);
    const siblings = current.parent < 0 ? [current] : nodes[current.parent].children.filter(shown);
    const place = siblings.indexOf(current);
    const moves = {
      ArrowRight: () => siblings[place + 1], ArrowLeft: () => siblings[place - 1],
      ArrowUp: () => current.parent < 0 ? null : nodes[current.parent],
      ArrowDown: () => current.children.find(shown),
      Home: () => siblings[0], End: () => siblings[siblings.length - 1],
    };
    if (event.key in moves) {
      const next = moves[event.key]();
      if (next && shown(next)) focus(next);
    } else if (event.key === "Enter" || event.key === " ") {
      zoom(current, true);
    } else if (event.key === "Escape" && top.parent >= 0) {
      zoom(nodes[top.parent], true);
    } else {
      return;
    }
    event.preventDefault();
  });

  const choose = (wantsTreemap) => {
    isTreemap = wantsTreemap;
    document.getElementById("show-icicle").setAttribute("aria-pressed", String(!wantsTreemap));
    document.getElementById("show-treemap").setAttribute("aria-pressed", String(wantsTreemap));
    draw(false);
  };
  document.getElementById("show-icicle").addEventListener("click", () => choose(false));
  document.getElementById("show-treemap").addEventListener("click", () => choose(true));
  let width = 0;
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw(false);
  }).observe(chart);
  addEventListener("beforeprint", () => draw(false));
})();
