// Draws the sheet's curves and bars. The tables beside them say the same in numbers.
const isChinese = document.documentElement.lang.startsWith("zh");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Okabe and Ito's, told apart by their dashes as well.
const INKS = [[matchMedia("(prefers-color-scheme: dark)").matches ? "#56b4e9" : "#0072b2", []], ["#d55e00", [8, 4]], ["#009e73", [2, 3]], ["#cc79a7", [12, 3, 2, 3]], ["#e69f00", [5, 5]]];
const DAY_S = 86400, LONGEST = 16;
const drawn = new Map();

function axes(values) {
  const ink = { stroke: colour("--soft"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  return [{ ...ink, ...values }, { ...ink, size: 56 }];
}

function draw(holder, options, data) {
  drawn.get(holder)?.destroy();
  const size = { width: Math.max(280, holder.clientWidth), height: 260 };
  drawn.set(holder, new window.uPlot({ ...size, ...options }, data, holder));
}

function curves(holder) {
  const { days, names: both, numbers } = JSON.parse(holder.dataset.curves);
  const names = both.map((name) => (isChinese ? name.zh : name.en));
  if (!days.length) return;
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { month: "numeric", day: "numeric", timeZone: "UTC" });
  const at = days.map((day) => Date.parse(`${day}T00:00Z`) / 1000);
  const series = names.map((label, index) => ({ label, stroke: INKS[index][0], dash: INKS[index][1], width: 2, points: { show: days.length < 40 } }));
  const day = (_, values) => values.map((value) => format.format(value * 1000));
  const x = { time: false, range: (_, first, last) => (first === last ? [first - DAY_S, last + DAY_S] : [first, last]) };
  draw(holder, { axes: axes({ values: day, space: 60, incrs: [1, 2, 5, 7, 14, 30, 90].map((days) => days * DAY_S) }), scales: { x }, series: [{ label: holder.dataset.label, value: (_, value) => (value === null ? "–" : format.format(value * 1000)) }, ...series], cursor: { drag: { x: false, y: false } } }, [at, ...numbers]);
}

const cut = (name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);

function bars(holder) {
  const { labels, series } = JSON.parse(holder.dataset.bars);
  const chosen = series[Number(document.getElementById("bar-series").value)];
  const names = labels;
  const at = names.map((_, index) => index);
  const paths = window.uPlot.paths.bars({ size: [0.7, 60] });
  const named = (_, values) => values.map((value) => (Number.isInteger(value) ? cut(names[value] ?? "") : ""));
  const y = { label: isChinese ? chosen.name.zh : chosen.name.en, stroke: INKS[0][0], fill: `${INKS[0][0]}99`, paths, points: { show: false } };
  const isCrowded = names.join("").length * 8 > holder.clientWidth;
  draw(holder, { axes: axes({ values: named, incrs: [1, 2, 5, 10, 20, 50], space: isCrowded ? 20 : 70, ...(isCrowded ? { rotate: -35, size: 110 } : {}) }), scales: { x: { time: false, range: [-0.6, names.length - 0.4] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] } }, series: [{ label: holder.dataset.label, value: (_, value) => names[value] ?? "–" }, y], cursor: { drag: { x: false, y: false } } }, [at, chosen.values]);
}

function showAll() {
  for (const holder of drawn.keys()) if (!holder.isConnected) { drawn.get(holder).destroy(); drawn.delete(holder); }
  document.querySelectorAll("[data-curves]").forEach(curves);
  document.querySelectorAll("[data-bars]").forEach(bars);
  document.getElementById("sheet").dataset.ready = "yes";
}

document.addEventListener("change", (event) => { if (event.target.id === "bar-series") bars(document.getElementById("bars")); });
document.addEventListener("htmx:after:swap", showAll);
let timer = null;
addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(showAll, 200); });
showAll();
