
"use strict";
// Texts from records are hostile: they enter the page as text nodes and attributes of fixed names alone.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 6;
const THEMES = ["", "light", "dark"];  // the first is the system's
const WIDEST = 7;  // pixels of a character on an axis
const MANY_TIMES = 20;  // the largest the smallest, where an axis is logarithmic

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

function table(columns, rows) {
  const head = el("tr", {}, columns.map((name) => el("th", { scope: "col" }, name)));
  return [el("thead", {}, head), el("tbody", {}, rows)];
}

function shown(value) {
  if (value === null || value === undefined) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential(2).replace(".00e", "e");
  return size >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}

const PLAIN = ["board", "metric", "sort", "filter", "chart", "row", "theme"];
let view = {};
let hovered = null;

function readView() {
  const found = new URLSearchParams(location.hash.slice(1));
  view = Object.fromEntries(PLAIN.map((name) => [name, found.get(name) ?? ""]));
  view.draw = found.getAll("draw");
  if ([...found].length && !view.board) address(true);
}

function go(changes, quietly = false) {
  Object.assign(view, { board: board()?.slug ?? "" }, changes);
  address(quietly);
  render();
}

// an address that holds anything names the board, so that it shows the same when others are added
function address(quietly) {
  view.board ||= board()?.slug ?? "";
  const found = new URLSearchParams(PLAIN.filter((name) => view[name]).map((name) => [name, view[name]]));
  for (const cell of view.draw) found.append("draw", cell);
  history[quietly ? "replaceState" : "pushState"](null, "", `#${found}`);
}

const board = () => data.boards.find((each) => each.slug === view.board) ?? data.boards[0];
const variants = () => board().rows.filter((row) => !row.control);
const controls = () => board().rows.filter((row) => row.control);
const named = (cell) => board().rows.find((row) => row.cell === cell);

function metric() {
  const wanted = [view.metric, board().headline].map((name) => board().quantities.findIndex((q) => q.quantity === name));
  return Math.max(0, wanted.find((place) => place >= 0) ?? 0);
}
const quantity = () => board().quantities[metric()] ?? { quantity: "", label: "", better: "neither", unit: "", bounds: "", meaning: "", share: false, words: [] };

const compareText = new Intl.Collator("en", { numeric: true }).compare;

function columns() {
  const headline = quantity().quantity === board().headline;
  const on = headline ? "" : ` on ${board().headline}`;
  const rank = { key: "rank", title: `rank${on}`, value: (row) => row.rank && row.rank[0] * 1e6 + row.rank[1], text: rankText, number: true };
  const ties = { key: "ties", title: `ties${on}`, value: (row) => row.ties || null, fill: lanes };
  const failed = { key: "failed", title: "failed", value: (row) => row.seeds[1] - row.seeds[0], text: (row) => row.failed };
  const described = [quantity().unit, quantity().bounds, quantity().meaning].filter(Boolean).join("; ");
  return [
    { key: "cell", title: "variant", value: (row) => row.cell },
    ...(board().ranked ? [rank] : []),
    { key: "metric", title: quantity().label || "metric", hint: described, value: (row) => row.means[metric()], text: (row) => row.texts[metric()] ?? "", number: true, long: true, descends: quantity().better === "higher" },
    { key: "seeds", title: "seeds ok", value: (row) => row.seeds[0], text: (row) => row.seeds.join(" of "), number: true },
    ...(board().ranked ? [ties] : []),
    ...(board().rows.some((row) => row.failed) ? [failed] : []),
    ...board().costs.map((name, k) => ({ key: `cost:${name}`, title: name, value: (row) => row.amounts[k], text: (row) => row.costs[k], number: true, cost: true })),
  ];
}

function rankText(row) {
  if (!row.rank) return "";
  return row.rank[0] === row.rank[1] ? String(row.rank[0]) : `${row.rank[0]}–${row.rank[1]}`;
}

// what every variant has in a column of costs; a blank is no value, so that others beside it are not shared
function shared(column) {
  if (!column.cost || variants().length < 2) return null;
  const [first, ...others] = variants().map((row) => column.text(row));
  return first && others.every((text) => text === first) ? first : null;
}

function matching() {
  const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
  return variants().filter((row) => words.every((word) => row.cell.toLowerCase().includes(word)));
}

function sorted(rows) {
  const column = columns().find((each) => each.key === view.sort.replace(/^-/, ""));
  if (!column) return rows;
  const sign = view.sort.startsWith("-") ? -1 : 1;
  const missing = (row) => column.value(row) === null || column.value(row) === undefined;
  const compare = (a, b) => {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const [one, other] = [column.value(a), column.value(b)];
    return sign * (typeof one === "string" ? compareText(one, other) : one - other);
  };
  return [...rows].sort(compare);
}

function lanes(row, above, below) {
  const letters = [...new Set(variants().flatMap((each) => [...each.ties]))].sort();
  return letters.filter((letter) => row.ties.includes(letter)).map((letter) => {
    const ends = [above?.ties.includes(letter) ? "" : "first", below?.ties.includes(letter) ? "" : "last"];
    const lane = el("span", { class: `lane ${ends.join(" ")}` }, letter);
    lane.style.setProperty("--lane", letters.indexOf(letter));
    return lane;
  });
}

function sortHeading(column) {
  const [up, down] = [column.key, `-${column.key}`];
  const cycle = column.descends ? ["", down, up] : ["", up, down];
  const next = cycle[(cycle.indexOf(view.sort) + 1) % 3];
  const state = view.sort === up ? "ascending" : view.sort === down ? "descending" : "none";
  const act = () => go({ sort: next });
  const parts = column.long ? column.title.split(/(?<=_)/).flatMap((part) => [el("wbr"), part]) : column.title;
  return el("th", { scope: "col", class: classes(column), "aria-sort": state },
    el("button", { type: "button", title: column.hint, "data-key": `sort ${column.key}`, on: { click: act } }, parts));
}

const classes = ({ key, number, long }) => [key === "ties" && "ties", number && "number", long && "long"].filter(Boolean).join(" ") || null;

function opener(row, text = row.cell, where = "row") {
  return el("button", { type: "button", class: "open", "data-key": `${where} ${row.cell}`, on: { click: () => go({ row: row.cell }) } }, text);
}

function swatch(style) {
  return style ? el("span", { class: `swatch ${style}`, "aria-hidden": "true" }) : "";
}

function chooser(row) {
  const toggle = () => go({ draw: view.draw.includes(row.cell) ? view.draw.filter((cell) => cell !== row.cell) : [...view.draw, row.cell] }, true);
  const box = el("input", { type: "checkbox", "aria-label": `draw ${row.cell}`, "data-key": `draw ${row.cell}`, on: { change: toggle } });
  box.checked = view.draw.includes(row.cell);
  return el("td", { class: "draw" }, box, swatch(styleOf(row)));
}

function line(row, shownColumns, above, below) {
  const cells = shownColumns.slice(1).map((column) => {
    const content = column.fill ? column.fill(row, above, below) : column.text(row);
    const node = el("td", { class: classes(column) }, content);
    if (column.key === "ties") node.style.minWidth = `${1 + 1.15 * new Set(variants().flatMap((each) => [...each.ties])).size}rem`;
    return node;
  });
  const light = () => lit(row.cell);
  const open = (event) => { if (!event.target.closest("button, input")) go({ row: row.cell }); };
  const node = el("tr", { on: { click: open, mouseenter: light, focusin: light, mouseleave: () => lit(null) } },
    row.control ? el("td", { class: "draw" }) : chooser(row), el("th", { scope: "row" }, opener(row)), cells);
  node.dataset.cell = row.cell;
  return node;
}

function renderTable() {
  const all = columns();
  const held = all.filter((column) => shared(column) === null);
  const rows = sorted(matching());
  const body = rows.map((row, k) => line(row, held, rows[k - 1], rows[k + 1]));
  const apart = controls().length ? [el("tbody", { class: "controls" },
    el("tr", {}, el("th", { colspan: held.length + 1, scope: "rowgroup" }, el("span", {}, "Controls: the scale of the numbers, no variants"))),
    controls().map((row) => line(row, held)))] : [];
  const head = el("tr", {}, el("th", { scope: "col", class: "draw" }, el("span", {}, "draw")), held.map(sortHeading));
  byId("table").replaceChildren(el("thead", {}, head), el("tbody", { id: "variants" }, body), ...apart);
  const count = rows.length === 1 ? "1 variant" : `${rows.length} variants`;
  byId("counted").textContent = rows.length < variants().length ? `${rows.length} of ${variants().length} variants match the filter.` : `${count}.`;
  const same = all.filter((column) => shared(column) !== null).map((column) => `${column.title} ${shared(column)}`);
  byId("same").textContent = same.length ? `The same for every variant, for one seed: ${same.join(", ")}.` : "";
}

function lit(cell) {
  if (hovered === cell) return;
  hovered = cell;
  for (const node of document.querySelectorAll("#table tr[data-cell]")) node.classList.toggle("lit", node.dataset.cell === cell);
  renderChart();
}

const short = (row) => (row.control ? row.cell.replace(/^control: /, "") : row.cell);
const curveOf = (row, k) => row.curves[String(k)] ?? null;

function coloured() {
  const chosen = view.draw.map(named).filter((row) => row && !row.control);
  return chosen.length ? chosen : matching().filter((row) => row.seeds[0] > 0).slice(0, COLOURS);
}

function styleOf(row) {
  const place = coloured().indexOf(row);
  return place < 0 ? "" : `c${place % COLOURS} dash${Math.floor(place / COLOURS) % 3}`;
}

function ticks(low, high, count = 5) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k += 1) found.push(Number((k * step).toPrecision(12)));
  return found;
}

// between powers of ten: at 1, 2 and 5 of every decade, or where these would crowd at 1 of every so many
function logTicks(low, high) {
  const first = Math.floor(low);
  const powers = Array.from({ length: Math.ceil(high) - first + 1 }, (_, k) => first + k);
  const inside = (mark) => Math.log10(mark) >= low && Math.log10(mark) <= high;
  const at = (factors, chosen) => chosen.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`))).filter(inside);
  const found = at([1, 2, 5], powers);
  const every = Math.ceil(powers.length / 8);
  return found.length <= 10 ? found : at([1], powers.filter((power) => power % every === 0));
}

const present = (values) => values.filter((value) => value !== null && value !== undefined);
const extent = (values) => [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];

// whether `values` want a logarithmic axis, on which the values of controls can stand too
function spansDecades(values, ofControls) {
  const [low, high] = extent(present(values));
  return low > 0 && high >= MANY_TIMES * low && present(ofControls).every((value) => value > 0);
}

function frame(lines, fixed) {
  if (fixed) return fixed;
  const values = present(lines.filter((each) => !each.control)
    .flatMap((each) => [...each.points.map(([, y]) => y), ...(each.band ?? []).flatMap(([, low, high]) => [low, high])]));
  if (!values.length) return [0, 1];
  const [low, high] = extent(values);
  return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
}

// lines: {name, style, points: [[x, y, said]], steps: [[x, y]], band: [[x, low, high]], banded, control, row}; a point
// without y breaks its line; a line with steps goes by these; a band is drawn where it is banded, and has its room in any
// case, or the axis would change under the pointer; the horizontal axis ends at xRange, or at the first and last of its ticks
function plot({ label, lines, x, xTicks, xRange, logX, logY, range, width, yTicks, yText = shown, down, rules = [] }) {
  const scaleY = logY ? Math.log10 : (value) => value;
  let [low, high] = frame(lines, range).map(scaleY);
  const span = high - low;
  const near = (value) => scaleY(value) >= low - span && scaleY(value) <= high + span;
  const outside = [];
  const held = lines.filter((each) => {
    const fits = range || !each.control || each.points.every(([, y]) => y === null || near(y));
    if (!fits) outside.push(`${each.name}: ${yText(each.points.at(-1)[1])}`);
    return fits;
  });
  if (!range) {
    for (const each of held.filter((one) => one.control)) for (const [, y] of each.points) if (y !== null) [low, high] = extent([low, high, scaleY(y)]);
    [low, high] = [low - 0.04 * (high - low), high + 0.04 * (high - low)];
  }
  const marks = yTicks ?? (logY ? logTicks(low, high) : ticks(low, high));
  const texts = marks.map(yText);
  const left = 14 + WIDEST * Math.max(...texts.map((text) => text.length), 1);
  const height = Math.round(Math.min(340, Math.max(230, width * 0.62)));
  const [right, top, bottom] = [width - 10, 10, height - 42];
  const scaleX = logX ? Math.log : (value) => value;
  const [from, to] = (xRange ?? [xTicks[0][0], xTicks.at(-1)[0]]).map(scaleX);
  const inset = xTicks.length === 2 && !logX && !xRange ? 50 : 0;
  const atX = (value) => left + inset + ((scaleX(value) - from) / (to - from || 1)) * (right - left - 2 * inset);
  const share = (value) => (scaleY(value) - low) / (high - low);
  const atY = (value) => (down ? top + share(value) * (bottom - top) : bottom - share(value) * (bottom - top));
  const node = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  marks.forEach((mark, k) => node.append(
    draw("line", { class: "grid", x1: left, x2: right, y1: atY(mark), y2: atY(mark) }),
    draw("text", { x: left - 6, y: atY(mark) + 4, "text-anchor": "end" }, texts[k])));
  const anchor = (k) => (inset || xRange ? "middle" : k === xTicks.length - 1 ? "end" : k === 0 ? "start" : "middle");
  xTicks.forEach(([value, text], k) => {
    const room = anchor(k) === "middle" ? (WIDEST * text.length) / 2 : 0;
    node.append(draw("text", { x: Math.min(Math.max(atX(value), room), width - room), y: bottom + 18, "text-anchor": anchor(k) }, text));
  });
  node.append(draw("text", { x: (left + right) / 2, y: height - 4, "text-anchor": "middle" }, x));
  for (const rule of rules.filter(({ y }) => y >= low && y <= high)) node.append(
    draw("line", { class: "rule", x1: left, x2: right, y1: atY(rule.y), y2: atY(rule.y) }),
    draw("text", { x: right, y: atY(rule.y) - 4, "text-anchor": "end" }, rule.text));
  for (const each of held) node.append(curve(each, atX, atY));
  return { node, aside: [logY && "The vertical axis is logarithmic.", outside.length && `Outside the frame: ${outside.join(", ")}.`].filter(Boolean).join(" ") };
}

function path(points, atX, atY) {
  let pen = "M";
  return points.map(([px, py]) => {
    if (py === null) { pen = "M"; return ""; }
    const text = `${pen}${atX(px).toFixed(1)} ${atY(py).toFixed(1)}`;
    pen = "L";
    return text;
  }).join("");
}

function curve({ name, style, points, steps = points, band, banded, row, control }, atX, atY) {
  const group = draw("g", { class: style }, draw("title", {}, name));
  const [endX, endY] = points.at(-1);
  if (control && endY !== null) group.append(draw("text", { x: atX(endX), y: atY(endY) - 5, "text-anchor": "end" }, name));
  const whole = ((banded && band) || []).filter(([, low, high]) => low !== null && high !== null);
  if (whole.length > 1) {
    const edge = [...whole.map(([px, , high]) => [px, high]), ...whole.map(([px, low]) => [px, low]).reverse()];
    group.append(draw("path", { class: "band", d: `${path(edge, atX, atY)}Z` }));
  }
  group.append(draw("path", { class: "curve", d: path(steps, atX, atY) }));
  if (row) {
    group.append(draw("path", { class: "hit", d: path(steps, atX, atY) }));
    group.addEventListener("mouseenter", () => lit(row.cell));
    group.addEventListener("mouseleave", () => lit(null));
    group.addEventListener("click", () => go({ row: row.cell }));
  }
  for (const [px, py, said] of points) if (py !== null) group.append(
    draw("circle", { class: "dot", cx: atX(px).toFixed(1), cy: atY(py).toFixed(1), r: 2.4 }, draw("title", {}, [name, said].filter(Boolean).join(": "))));
  return group;
}

// the line of a profile, whose shares fall or rise with the value: level from step to step and to the ends of the axis
function stairs(profile, [from, to], falls) {
  const share = (k) => profile[k]?.[1] ?? 0;
  const corners = profile.flatMap(([value], k) => (falls ? [[value, share(k)], [value, share(k + 1)]] : [[value, share(k - 1)], [value, share(k)]]));
  return [[from, corners[0][1]], ...corners, [to, corners.at(-1)[1]]];
}

function widened([low, high], logarithmic) {
  if (logarithmic) return widened([low, high].map(Math.log10)).map((power) => 10 ** power);
  const room = 0.04 * (high - low) || Math.abs(low) / 2 || 0.5;
  return [low - room, high + room];
}

const budgetAxis = () => {
  const at = board().fractions;
  const marks = [0, 0.25, 0.5, 0.75, 1].filter((mark) => mark >= Math.min(0, at[0] ?? 0));
  return { x: `share of the budget of ${board().budget}`, xTicks: marks.map((mark) => [mark, `${mark * 100} %`]) };
};

// the words of a quantity whose numbers stand for some: between two of them, where seeds differ, stands the number
const valueText = (k) => (value) => board().quantities[k]?.words[value] ?? shown(value);
function wordAxis(k) {
  const { words } = board().quantities[k] ?? { words: [] };
  return words.length ? { range: [-0.2, words.length - 0.8], yTicks: words.map((_, place) => place), yText: valueText(k) } : {};
}

const counted = (seeds) => `n = ${seeds} ${seeds === 1 ? "seed" : "seeds"}`;
const seedsAlong = (row, k, place) => counted((row.along[String(k)] ?? [])[place] ?? row.seeds[0]);
const measured = (row, k) => (row.seeds[0] === 1 ? row.texts[k] : `${row.texts[k]}, of ${counted(row.seeds[0])}`);

function along(row, k, banded) {
  const [mean, low, high] = curveOf(row, k) ?? [[]];
  const at = board().fractions;
  return {
    name: row.cell, row,
    points: mean.map((value, place) => [at[place], value, `${valueText(k)(value)}, ${seedsAlong(row, k, place)}`]),
    band: low ? low.map((value, place) => [at[place], value, high[place]]) : null, banded,
  };
}

function styled(rows, make) {
  const few = coloured().length <= 3;
  const lines = rows.map((row) => {
    const light = row.cell === hovered;
    const style = styleOf(row) || (light ? "lit-line" : "muted");
    return { ...make(row, light || (few && style !== "muted" && !hovered)), style: `${style}${light ? " strong" : ""}`, light };
  });
  const weight = (each) => (each.light ? 2 : each.style.startsWith("muted") ? 0 : 1);
  return lines.sort((a, b) => weight(a) - weight(b));
}

function rules() {
  return controls().map((row) => ({ name: short(row), y: row.means[metric()], said: measured(row, metric()) })).filter(({ y }) => y !== null && y !== undefined);
}

function ruleLines() {
  const at = budgetAxis().xTicks;
  return rules().map(({ name, y, said }) => ({ name, control: true, style: "control", points: [[at[0][0], y, said], [at.at(-1)[0], y, said]] }));
}

const CHARTS = {
  budget: {
    title: "against budget",
    held: () => variants().some((row) => curveOf(row, metric())),
    draw: (width) => {
      const rows = matching().filter((row) => curveOf(row, metric()));
      const lines = [...ruleLines(), ...styled(rows, (row, banded) => along(row, metric(), banded))];
      return {
        ...plot({ ...budgetAxis(), width, lines, logY: logAlong(rows), label: `${quantity().label} against budget`, ...wordAxis(metric()) }),
        said: `${quantity().label}: mean over ok seeds; a band spans the lowest and the highest seed; dotted: controls. ${quantity().words.length ? "Between two words seeds differ. " : ""}${courseSaid()}`,
      };
    },
  },
  rank: {
    title: "rank against budget",
    held: () => variants().filter((row) => ranksOf(row)).length > 1,
    draw: (width) => {
      const count = Math.max(2, ...present(variants().flatMap((row) => ranksOf(row) ?? [])));
      const marks = [...new Set([1, ...ticks(1, count, Math.min(count - 1, 6)).filter(Number.isInteger)])];
      const at = (row) => ranksOf(row).map((rank, place) => [board().fractions[place], rank, `rank ${rank}, ${seedsAlong(row, metric(), place)}`]);
      const lines = styled(matching().filter((row) => ranksOf(row)), (row) => ({ name: row.cell, row, points: at(row) }));
      return {
        ...plot({ ...budgetAxis(), width, lines, label: `rank by ${quantity().label} against budget`, range: [0.7, count + 0.3], yTicks: marks, down: true }),
        said: `Rank at each point, 1 the best: a row of which fewer seeds failed, whenever they did, comes first, then the better mean of ${quantity().label}; equal ones share a rank. It separates nothing: the tests decide. ${courseSaid()}`,
      };
    },
  },
  profile: {
    title: "performance profile",
    held: () => variants().some((row) => row.profile.length && row.seeds[1] > 1),
    draw: (width) => {
      const { label, better } = board().quantities.find((each) => each.quantity === board().headline);
      const falls = better === "higher";
      const reach = falls ? "at least" : "at most";
      const values = variants().flatMap((row) => row.profile.map(([value]) => value));
      const logX = spansDecades(values, []);
      const xRange = widened(extent(values), logX);
      const xTicks = (logX ? logTicks(...xRange.map(Math.log10)) : ticks(...xRange)).map((value) => [value, shown(value)]);
      const lines = styled(matching().filter((row) => row.profile.length), (row) => ({
        name: row.cell, row, points: row.profile.map(([value, share]) => [value, share, `${shown(100 * share)} % are ${reach} ${shown(value)}`]), steps: stairs(row.profile, xRange, falls) }));
      const { node, aside } = plot({ width, lines, logX, xTicks, xRange, range: [0, 1], x: label, label: `share of seeds against ${label}` });
      return {
        node, aside: [aside, logX && "The horizontal axis is logarithmic."].filter(Boolean).join(" "),
        said: `Performance profile: the share of a row's seeds whose ${label} is ${reach} so much; one that failed never is. The higher the line, the better. It separates nothing: the tests decide.`,
      };
    },
  },
  splits: {
    title: "score against splits",
    held: () => Boolean(board().families.splits),
    draw: (width) => {
      const family = board().families.splits;
      const make = (row) => ({ name: short(row), row, points: family.map(([splits, k]) => [splits, row.means[k], measured(row, k)]) });
      const lines = [...controls().map((row) => ({ ...make(row), control: true, style: "control" })), ...styled(matching(), make)];
      return {
        ...plot({ width, lines, logX: true, logY: logAcross(family.map(([, k]) => k)), label: "Inception Score against splits", x: "splits of the same samples", xTicks: family.map(([splits]) => [splits, String(splits)]) }),
        said: "Inception Score of the same samples in so many splits, mean over ok seeds; dotted: controls. A split count is a hidden sample size.",
      };
    },
  },
  frechet: {
    title: "FID against n",
    held: () => Boolean(board().families.frechet),
    draw: (width) => {
      const { fid, fid_infinity, fid_floor, points } = board().families.frechet;
      // at equal steps of 1/n, in which the line to infinity is straight
      const at = [...points, [1, fid], [0, fid_infinity]];
      const held = (row) => at.filter(([, k]) => present([row.means[k]]).length);
      const make = (row) => ({ name: short(row), row, points: held(row).map(([cuts, k]) => [cuts, row.means[k], `${measured(row, k)}, ${cuts ? frechetSamples(cuts) : "extrapolated"}`]) });
      const lines = [...controls().filter((row) => held(row).length).map((row) => ({ ...make(row), control: true, style: "control" })),
        ...styled(matching().filter((row) => held(row).length), make)];
      const xTicks = at.map(([cuts]) => [cuts, cuts ? frechetSamples(cuts, at.length > 2) : at.length > 2 ? "∞" : "n → ∞, extrapolated"]);
      const floor = fid_floor === undefined ? null : variants().map((row) => row.means[fid_floor]).find((value) => value !== null);
      return {
        ...plot({ width, lines, logY: logAcross(at.map(([, k]) => k)), label: "FID against the number of samples, and its limit", x: at.length > 2 ? "n, the samples, at equal steps of 1/n" : "samples", xTicks }),
        said: `FID as measured${points.length ? ", of fewer samples the mean over blocks of them," : ""} and at n → ∞ its limit, extrapolated by a line in 1/n; mean over ok seeds; dotted: controls.${points.length ? "" : " Between them no value was kept."}${floor === null || floor === undefined ? "" : ` As many held-out reals score ${shown(floor)}.`}`,
      };
    },
  },
  discriminator: {
    title: "discriminator",
    held: () => Boolean(board().families.discriminator) && variants().some((row) => board().families.discriminator.some((k) => curveOf(row, k))),
    draw: (width) => {
      const held = (row) => row && !row.control && board().families.discriminator.some((k) => curveOf(row, k));
      const row = [named(hovered), ...coloured(), ...variants()].find(held);
      return { ...discriminator(row, width), said: `Accuracies and AUC of the discriminator of ${row.cell}, mean over ok seeds. 1/2 is chance.` };
    },
  },
};

function discriminator(row, width) {
  const lines = board().families.discriminator.filter((k) => curveOf(row, k)).map((k, place) => ({
    ...along(row, k, false), row: null, name: board().quantities[k].quantity, style: `c${place % COLOURS} dash${Math.floor(place / COLOURS)}` }));
  return { ...plot({ ...budgetAxis(), width, lines, label: `discriminator of ${row.cell} against budget`, range: [0, 1], rules: [{ y: 0.5, text: "chance" }] }), legend: lines };
}

// how many samples are in a block where all are cut into so many
function frechetSamples(cuts, briefly = false) {
  const counts = [...new Set(present(variants().map((row) => row.means[board().families.frechet.fid_samples])))];
  if (counts.length !== 1) return cuts === 1 ? "n" : `n/${cuts}`;
  return `${briefly ? "" : "n = "}${shown(Math.floor(counts[0] / cuts))}`;
}

// of bands too, drawn or not, as in `frame`
function logAlong(rows) {
  return !quantity().share && !quantity().words.length && spansDecades(rows.flatMap((row) => curveOf(row, metric()).flat()), rules().map(({ y }) => y));
}

function logAcross(places) {
  const means = (rows) => rows.flatMap((row) => places.map((k) => row.means[k]));
  return spansDecades(means(matching()), means(controls()));
}

function courseSaid() {
  const { headline, order, sizes } = board();
  return [...(quantity().quantity === headline ? order : []), ...sizes].join(" ");
}

const ranksOf = (row) => row.ranks[String(metric())] ?? null;

function legend(lines) {
  return el("ul", { class: "legend" }, lines.map(({ name, style }) => el("li", {}, swatch(style), name)));
}

function chartName() {
  return Object.hasOwn(CHARTS, view.chart) && CHARTS[view.chart].held() ? view.chart : Object.keys(CHARTS).find((name) => CHARTS[name].held());
}

function renderChart() {
  const name = chartName();
  byId("drawing").hidden = !name;
  if (!name) return;
  const buttons = Object.entries(CHARTS).filter(([, chart]) => chart.held()).map(([each, chart]) =>
    el("button", { type: "button", "aria-pressed": String(each === name), "data-key": `chart ${each}`, on: { click: () => go({ chart: each }) } }, chart.title));
  const focus = focusKey();
  byId("charts").replaceChildren(...buttons);
  refocus(focus);
  const { node, aside, said, legend: own } = CHARTS[name].draw(widthOf(byId("chart")));
  byId("chart").replaceChildren(node);
  const listed = own ?? [...new Set([...coloured(), ...(named(hovered) && !named(hovered).control ? [named(hovered)] : [])])].map((row) => ({ name: row.cell, style: styleOf(row) || "lit-line" }));
  byId("caption").replaceChildren(legend(listed), `${said} ${aside}`);
}

const widthOf = (node) => Math.max(260, Math.round(node.clientWidth || 480));

function renderEffects() {
  const { effects } = board();
  byId("effects").hidden = !effects;
  if (!effects) return;
  const largest = effects.changes.flatMap(({ cells }) => cells.map(({ mean }) => Math.abs(mean ?? 0))).reduce((a, b) => Math.max(a, b), 0) || 1;
  const together = effects.changes.some((line) => line.together);
  const rows = effects.changes.map(({ change, cells, together: all }) => el("tr", {},
    el("th", { scope: "row" }, change), cells.map((cell) => heatCell(cell, largest)), together ? el("td", { class: "number" }, all) : ""));
  const plain = el("tr", {}, el("th", { scope: "row" }, "none: the headline itself"),
    effects.plain.map(({ text, row }) => el("td", {}, opener(board().rows[row], text || "no value", "plain"))), together ? el("td") : "");
  byId("effects-title").textContent = effects.title;
  byId("heat").replaceChildren(...table(["change", ...effects.variants, ...(together ? ["all variants"] : [])], [plain, ...rows]));
  const key = (...words) => words.flatMap((word) => [el("span", { class: `key ${word}` }, word), " "]);
  byId("key").hidden = !effects.decides;
  byId("key").replaceChildren(
    ...key("better", "worse"), standing({ stands: true }), ` ${effects.stands}, a failed seed being worst. The stronger the colour, the larger the effect. `,
    ...key("perhaps better", "perhaps worse"), "a hint, no finding: the interval, which is not corrected for how many there are, does not hold 0, but the test does not stand. ",
    ...key("undecided"), "the interval holds 0, one seed has none, or failures point the other way.");
  byId("effects-reading").replaceChildren(...effects.reading.map((text) => el("li", {}, text)));
  renderInteractions(effects.interactions);
}

const standing = ({ stands }) => (stands ? el("strong", { class: "stands" }, "stands") : "");

function renderInteractions(found) {
  byId("interactions").hidden = !found;
  if (!found) return;
  const cell = ({ text, stands }) => {
    const [effect, p] = text.split(/, (?=p = )/);
    return el("td", { class: stands && "standing" }, effect, p ? el("small", {}, p) : "", standing({ stands }));
  };
  const rows = found.lines.map(({ change, cells }) => el("tr", {}, el("th", { scope: "row" }, change), cells.map(cell)));
  byId("interactions-title").textContent = found.title;
  byId("crossed").replaceChildren(...table(["change", ...found.columns], rows));
  byId("interactions-reading").replaceChildren(...found.reading.map((text) => el("li", {}, text)));
}

function heatCell({ text, verdict, stands, mean, row, why }, largest) {
  const said = row === null ? text : opener(board().rows[row], text || "no value", "effect");
  const word = verdict === "none" ? why : verdict;
  const node = el("td", { class: `${verdict}${stands ? " standing" : ""}` }, said, word ? el("small", {}, word) : "", standing({ stands }));
  node.style.setProperty("--strength", `${Math.round(10 + (40 * Math.abs(mean ?? largest)) / largest)}%`);
  return node;
}

function renderMissing() {
  const found = board().incidents;
  const columnsOf = { cell: "variant", seed: "seed", status: "status", reason: "reason", spent: "spent by then", run: "run" };
  const rows = found.map((each) => el("tr", {}, Object.keys(columnsOf).map((name) => {
    const row = name === "cell" && named(each.cell);
    return el(name === "cell" ? "th" : "td", { scope: name === "cell" && "row", class: name === "reason" && "wide" }, row ? opener(row, row.cell, "incident") : each[name]);
  })));
  const listed = rows.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "missing-title" }, el("table", {}, table(Object.values(columnsOf), rows))) : el("p", {}, "No run failed or left a value out.");
  const absent = board().effects?.not_run ?? [];
  const cells = absent.length ? [el("h3", {}, "Cells of the grid that were not run"), el("ul", {}, absent.map((cell) => el("li", {}, cell)))] : [];
  byId("incidents").replaceChildren(listed, ...cells);
}

function renderWords() {
  byId("unknown").hidden = !view.board || view.board === board().slug;
  byId("unknown").textContent = `The address names a board that is not on this page; shown is ${board().title}.`;
  const { label, better, unit, bounds, meaning } = quantity();
  const said = { higher: "higher is better", lower: "lower is better", neither: "a diagnosis: neither way is better" }[better] ?? better;
  const rest = [said, unit && `unit: ${unit}`, bounds && `bounds: ${bounds}`].filter(Boolean).join("; ");
  byId("meaning").replaceChildren(...(label ? [el("b", {}, label), meaning ? `: ${meaning}. ` : ". ", `${rest[0].toUpperCase()}${rest.slice(1)}.`] : ["No run has a value yet."]));
  byId("results-title").textContent = board().title;
  byId("reading").replaceChildren(...[...board().reading, ...data.left_out].map((text) => el("li", {}, text)));
  byId("facts").replaceChildren(...Object.entries(board().facts).flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
  const rows = board().quantities.map((each) => el("tr", {},
    el("th", { scope: "row" }, el("button", { type: "button", class: "open", "data-key": `legend ${each.quantity}`, on: { click: () => go({ metric: each.quantity }) } }, each.label)),
    el("td", {}, each.better), el("td", {}, each.unit), el("td", {}, each.bounds), el("td", { class: "wide" }, each.meaning)));
  byId("legend").replaceChildren(...table(["quantity", "better", "unit", "bounds", "meaning"], rows));
}

function renderDetails() {
  const dialog = byId("details");
  const row = view.row ? named(view.row) : null;
  if (!row) { if (dialog.open) dialog.close(); return; }
  const already = dialog.open && dialog.dataset.cell === row.cell;
  dialog.dataset.cell = row.cell;
  const close = el("button", { type: "button", class: "close", "data-key": "close", on: { click: () => go({ row: "" }) } }, "Close");
  const place = [row.rank && `rank ${rankText(row)} of ${variants().length}`, row.ties && `tie groups ${[...row.ties].join(", ")}`, `${row.seeds.join(" of ")} seeds ok`, row.failed].filter(Boolean).join("; ");
  const charts = el("div", { class: "pair" });
  dialog.replaceChildren(
    el("div", { class: "heading" }, el("h2", { id: "details-title" }, row.cell), close),
    el("p", { class: "quiet" }, el("b", {}, `${board().title}. `), `${place[0].toUpperCase()}${place.slice(1)}.`),
    row.middle && el("p", { class: "quiet" }, `Interquartile mean of ${board().headline}: ${row.middle}.`),
    charts, pictures(row), runs(row), reproduction(row), values(row), effectsOn(row), recipes(row), identity());
  if (!dialog.open) dialog.showModal();
  if (!already) { dialog.scrollTop = 0; close.focus(); }
  charts.replaceChildren(...detailCharts(row));
}

function detailCharts(row) {
  if (row.control) return [];
  const found = [];
  const width = Math.min(420, widthOf(byId("details")) - 40);
  const lone = { ...along(row, metric(), true), row: null, style: "c0" };
  if (curveOf(row, metric())) found.push([quantity().label, plot({ ...budgetAxis(), width, lines: [...ruleLines(), lone], logY: logAlong([row]), label: `${quantity().label} of ${row.cell} against budget`, ...wordAxis(metric()) }), null]);
  const held = (board().families.discriminator ?? []).some((k) => curveOf(row, k));
  if (held) { const drawn = discriminator(row, width); found.push(["Its discriminator", drawn, drawn.legend]); }
  return found.map(([title, { node, aside }, lines]) => el("figure", { class: "detail-chart" }, el("h3", {}, title), node,
    el("figcaption", {}, lines ? legend(lines) : "Mean over ok seeds; the band spans the lowest and the highest. ", aside)));
}

function scrolled(title, node) {
  return el("section", {}, el("h3", {}, title), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, node));
}

function pictures(row) {
  const found = row.runs.filter((run) => run.picture);
  return found.length ? el("section", {}, el("h3", {}, "Samples"), el("div", { class: "pictures" }, found.map((run) =>
    el("figure", {}, el("img", { src: run.picture, alt: `samples of ${row.cell}, seed ${run.seed}`, loading: "lazy" }), el("figcaption", {}, `seed ${run.seed}`))))) : "";
}

function runs(row) {
  const reasons = row.runs.some((run) => data.texts[run.reason]);
  const lines = row.runs.map((run) => el("tr", {}, el("th", { scope: "row" }, String(run.seed)), el("td", {}, run.status), reasons ? el("td", { class: "wide" }, data.texts[run.reason]) : "",
    el("td", {}, run.spent), el("td", {}, run.seconds), el("td", {}, el("code", {}, run.id)), el("td", {}, el("code", { title: data.texts[run.source] }, data.texts[run.source].slice(0, 12)))));
  const heads = ["seed", "status", ...(reasons ? ["reason"] : []), "spent", "seconds beside training", "run", "source hash"];
  return lines.length ? scrolled("Runs", el("table", { class: "runs" }, table(heads, lines))) : "";
}

function reproduction(row) {
  const found = row.runs.filter((run) => run.status !== "interrupted");
  const { records } = board();
  const lines = found.map((run) => ["ganbench reproduce", run.id, records?.option, ` # seed ${run.seed}`].filter(Boolean).join(" "));
  const where = records ? "In the folder of this page:" : "Where the folder runs lies, or with --runs FOLDER:";
  return lines.length ? el("section", {}, el("h3", {}, "Run one again and compare"), el("p", { class: "quiet" }, where), el("pre", {}, lines.join("\n"))) : "";
}

function values(row) {
  const seeds = row.runs.filter((run) => run.status === "ok");
  const whole = seeds.every((run) => run.values.length === board().quantities.length);
  const lines = board().quantities.map((each, k) => el("tr", {}, el("th", { scope: "row", title: each.meaning }, each.label), el("td", { class: "number" }, row.texts[k]),
    whole ? seeds.map((run) => el("td", { class: "number" }, shown(run.values[k]))) : ""));
  return lines.length ? scrolled("Values", el("table", {}, table(["quantity", "mean ± half width", ...(whole ? seeds.map((run) => `seed ${run.seed}`) : [])], lines))) : "";
}

function effectsOn(row) {
  const { effects } = board();
  const place = board().rows.indexOf(row);
  const found = (effects?.changes ?? []).flatMap(({ change, cells }) => cells.map((cell, k) => ({ ...cell, change, variant: effects.variants[k] }))).filter((cell) => cell.row === place);
  return found.length ? el("section", {}, el("h3", {}, effects.title), el("ul", {}, found.map(({ change, variant, text, verdict, stands }) => el("li", {}, [`${change}, to ${variant}: ${text}`, verdict !== "none" && verdict, stands && "stands"].filter(Boolean).join(", "))))) : "";
}

function recipes(row) {
  const made = [...new Set(row.runs.map((run) => data.texts[run.made]).filter(Boolean))];
  return el("section", {}, row.recipes.length ? [el("h3", {}, "Recipe"), row.recipes.map((place) => el("pre", {}, data.texts[place]))] : "",
    made.length ? [el("h3", {}, "Made with"), made.map((text) => el("pre", {}, text))] : "");
}

function identity() {
  const hashes = Object.entries(board().hashes).map(([name, digest]) => [el("dt", {}, name), el("dd", {}, el("code", {}, digest))]);
  return el("section", {}, el("h3", {}, "Hashes"), el("dl", {}, hashes));
}

const focusKey = () => document.activeElement?.dataset?.key;

function refocus(key) {
  if (!key || focusKey() === key) return;
  [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus({ preventScroll: true });
}

function renderChoices() {
  byId("board").value = board().slug;
  const options = board().quantities.map((each) => el("option", { value: each.quantity }, each.label));
  byId("metric").replaceChildren(...options);
  byId("metric").value = quantity().quantity;
  if (byId("filter").value !== view.filter) byId("filter").value = view.filter;
}

function renderTheme() {
  const theme = THEMES.includes(view.theme) ? view.theme : "";
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  byId("theme").textContent = `Theme: ${theme || "system"}`;
}

function renderFooter() {
  const { files, records } = board();
  const link = (href, text = href) => el("a", { href }, text);
  byId("footer").replaceChildren("The same board as files: ", ...files.flatMap((name, k) => [k ? ", " : "", link(name)]), ". ",
    ...(records ? ["Its records: ", link(records.file), ", one line a run; those of all boards: ", link(records.folder), ". "] : []),
    "Made from stored records alone; the same records give the same page.");
}

// a frame whose table goes on to the right fades there
function hint(frame) {
  frame.classList.toggle("more", frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1);
}

function renderHints() {
  document.querySelectorAll(".scroll").forEach(hint);
}

function render() {
  renderTheme();
  byId("main").hidden = !data.boards.length;
  byId("empty").hidden = Boolean(data.boards.length);
  if (!data.boards.length) return;
  const focus = focusKey();
  renderChoices();
  renderWords();
  renderTable();
  renderChart();
  renderEffects();
  renderMissing();
  renderFooter();
  refocus(focus);
  renderDetails();
  renderHints();
}

byId("board").append(...data.boards.map((each) => el("option", { value: each.slug }, each.title)));
byId("board").addEventListener("change", (event) => { hovered = null; go({ board: event.target.value, row: "", draw: [], metric: "" }); });
byId("metric").addEventListener("change", (event) => go({ metric: event.target.value }));
byId("filter").addEventListener("input", (event) => go({ filter: event.target.value }, true));
byId("choices").addEventListener("submit", (event) => event.preventDefault());
byId("theme").addEventListener("click", () => go({ theme: THEMES[(THEMES.indexOf(view.theme) + 1) % THEMES.length] }));
byId("details").addEventListener("close", () => {
  const cell = byId("details").dataset.cell;
  if (view.row) go({ row: "" });
  refocus(`row ${cell}`);
});
byId("details").addEventListener("click", (event) => { if (event.target === byId("details")) go({ row: "" }); });
document.addEventListener("scroll", ({ target }) => { if (target.classList?.contains("scroll")) hint(target); }, true);
window.addEventListener("resize", renderHints);
document.querySelector("main > details").addEventListener("toggle", renderHints);
for (const event of ["popstate", "hashchange"]) window.addEventListener(event, () => { readView(); render(); });
let width = 0;
new ResizeObserver(() => {
  const found = byId("chart").clientWidth;
  if (found && found !== width) { width = found; if (data.boards.length) renderChart(); }
}).observe(byId("chart"));
readView();
render();
