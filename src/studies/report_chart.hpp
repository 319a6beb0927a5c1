#pragma once
/// \file The script that draws a figure's series as SVG, in the colours of the page, and says the values
/// under the pointer. Plain JavaScript; all texts become text nodes.

namespace bitlaw::studies {

/// Behind the JSON. addChart(parent, figure) returns {figure, draw()}; a click on a name hides its series.
inline constexpr const char* kChartScript = R"html(</script>
<script>
"use strict";
const study = JSON.parse(document.getElementById("study").textContent);
const page = document.body;
function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}
function draw(parent, tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}
// "3.2M" as bitlaw writes sizes; "2.13" and "10¹²".
function sizeText(value) {
  if (value < 1) return String(+value.toPrecision(3));
  const power = Math.min(5, Math.floor(Math.log10(value * 1.0005) / 3));
  return +(value / 1000 ** power).toPrecision(3) + " KMGTP"[power].trim();
}
function powerText(value) {
  const power = Math.floor(Math.log10(value) + 1e-9);
  const digits = String(power).split("").map(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  const head = +(value / 10 ** power).toPrecision(2);
  return (head === 1 ? "" : head + "·") + "10" + digits;
}
const isDark = matchMedia("(prefers-color-scheme: dark)");
// Small to large: matplotlib's viridis as far as it is seen on white; on black its lighter part.
const ramps = [["#440154", "#453781", "#345e8d", "#24828e", "#21a685", "#56c667", "#a5d028"],
               ["#a58be8", "#7f9df0", "#58b4e6", "#3fc6c0", "#5fd892", "#a5e35f", "#f5e642"]];
function shadeColour(shade) {
  const ramp = ramps[isDark.matches ? 1 : 0];
  const place = Math.min(Math.max(shade, 0), 1) * (ramp.length - 1);
  const i = Math.min(Math.floor(place), ramp.length - 2);
  const part = k => [ramp[i], ramp[i + 1]].map(colour => parseInt(colour.slice(k, k + 2), 16));
  const mixed = [1, 3, 5].map(k => Math.round(part(k)[0] + (part(k)[1] - part(k)[0]) * (place - i)));
  return "rgb(" + mixed + ")";
}
// How each style looks; those with a shade belong together by it.
const looks = {
  law: {line: 1.4, dash: "6 4", shaded: true, name: "law"}, curve: {line: 2, shaded: true, name: "smooth line"},
  line: {line: 2, dot: 3, shaded: true, name: ""}, point: {dot: 3.2, shaded: true, name: ""},
  red: {line: 1.8, dash: "6 4", colour: "var(--red)", name: ""}, black: {line: 2.4, colour: "var(--ink)", name: ""},
  grey: {line: 1.4, level: true, colour: "var(--edge)", name: ""}, step: {line: 1.4, dash: "2 3", steps: true,
  colour: "var(--edge)", name: ""}, optimum: {ring: 5.5, colour: "var(--ink)", name: ""},
  arrow: {arrow: true, colour: "var(--ink)", name: "bound"}, band: {band: true, colour: "var(--band)", name: ""},
  cross: {cross: 4.5, colour: "var(--red)", name: ""}};
const dashes = ["8 4", "2 3", "8 3 2 3", "14 3 2 3 2 3", "4 2", "1 4"];
function logTicks(low, high, pixels, spacing) {
  const decade = pixels / Math.log10(high / low);
  // The finest steps whose nearest two, of which the first number is the ratio, have the space.
  const steps = [[1.05, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.2, 2.4, 2.6, 2.8, 3, 3.2,
    3.4, 3.6, 3.8, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5], [1.2, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
    [1.25, 1, 1.5, 2, 3, 4, 5, 6, 8], [1.6, 1, 2, 3, 5], [2, 1, 2, 5], [3, 1, 3]]
    .find(set => Math.log10(set[0]) * decade >= spacing) || [10, 1];
  const skip = Math.max(1, Math.ceil(spacing / decade));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power) {
    for (const step of steps.slice(1)) {
      const value = +(step * 10 ** power).toPrecision(6);
      if (value >= low * 0.9999 && value <= high * 1.0001 && (power % skip === 0 || skip === 1)) ticks.push(value);
    }
  }
  return ticks;
}
function evenTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(k => k * power).find(k => k >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12); ++k) ticks.push(+(k * step).toPrecision(12));
  return ticks;
}
function addChart(parent, figure) {
  const box = add(parent, "div", "", "chart");
  add(box, "h3", figure.title);
  const plot = add(box, "div", "", "plot");
  const legend = add(box, "div", "", "legend");
  add(box, "p", figure.caption, "note");
  const hidden = new Set();
  const chart = {figure, draw: () => drawChart(plot, legend, chart.figure, hidden)};
  let width = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    requestAnimationFrame(chart.draw);
  }).observe(plot);
  isDark.addEventListener("change", chart.draw);
  return chart;
}
function groupOf(series, i) { return looks[series.style].shaded ? "shade " + series.shade : "series " + i; }
function drawChart(plot, legend, figure, hidden) {
  plot.textContent = "";
  const redraw = () => drawChart(plot, legend, figure, hidden);
  const shown = figure.series.filter((series, i) => !hidden.has(groupOf(series, i)));
  const width = plot.clientWidth || 900;
  const height = Math.round(Math.min(Math.max(0.56 * width, 300), 520));
  const left = 58, right = width - 12, top = 26, bottom = height - 44;
  const all = shown.flatMap(series => series.points);
  const xs = all.map(point => point[0]).filter(x => x > 0);
  const isDrawn = y => Number.isFinite(y) && (!figure.log_y || y > 0) && !(figure.most_y && y > figure.most_y);
  const hasSpan = series => looks[series.style].band || (looks[series.style].ring && figure.bars === "y");
  const ys = shown.flatMap(series => series.points.flatMap(point => hasSpan(series) ? point.slice(1, 4) : [point[1]]))
    .filter(isDrawn);
  const svg = draw(plot, "svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": figure.title});
  if (xs.length === 0 || ys.length === 0) {
    draw(svg, "text", {x: width / 2, y: height / 2, "text-anchor": "middle"}, "nothing is chosen");
    drawLegend(legend, figure, hidden, redraw);
    return;
  }
  const lowX = xs.reduce((a, b) => Math.min(a, b)), highX = xs.reduce((a, b) => Math.max(a, b));
  let low = ys.reduce((a, b) => Math.min(a, b)), high = ys.reduce((a, b) => Math.max(a, b));
  const room = figure.log_y ? Math.max(Math.log(high / low), 0.02) * 0.05 : Math.max(high - low, 1e-9) * 0.05;
  [low, high] = figure.log_y ? [low * Math.exp(-room), high * Math.exp(room)] : [low - room, high + room];
  const roomX = Math.max(Math.log(highX / lowX), 0.1) * 0.02;
  const x0 = Math.log(lowX) - roomX, x1 = Math.log(highX) + roomX;
  const atX = x => left + (Math.log(x) - x0) / (x1 - x0) * (right - left);
  const share = y => figure.log_y ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low);
  const atY = y => figure.log_y && !(y > 0) ? bottom : bottom - share(y) * (bottom - top);

  const textX = figure.x_is_size ? sizeText : powerText;
  const textY = y => figure.y_is_size ? sizeText(y) : String(+y.toPrecision(4));
  for (const x of logTicks(Math.exp(x0), Math.exp(x1), right - left, 46)) {
    draw(svg, "line", {x1: atX(x), x2: atX(x), y1: top, y2: bottom, stroke: "var(--grid)"});
    draw(svg, "text", {x: atX(x), y: bottom + 17, "text-anchor": "middle"}, textX(x));
  }
  const ticks = figure.log_y ? logTicks(low, high, bottom - top, 22) : evenTicks(low, high, (bottom - top) / 50);
  for (const y of ticks) {
    draw(svg, "line", {x1: left, x2: right, y1: atY(y), y2: atY(y), stroke: "var(--grid)"});
    draw(svg, "text", {x: left - 7, y: atY(y) + 4, "text-anchor": "end"}, textY(y));
  }
  draw(svg, "path", {d: `M${left} ${top}V${bottom}H${right}`, fill: "none", stroke: "var(--edge)"});
  draw(svg, "text", {x: (left + right) / 2, y: height - 8, "text-anchor": "middle"}, figure.x_title);
  draw(svg, "text", {x: 4, y: 14}, figure.y_title);
  const clip = "clip" + (drawChart.count = (drawChart.count || 0) + 1);
  draw(draw(svg, "clipPath", {id: clip}), "rect", {x: left, y: top - 6, width: right - left + 8,
    height: bottom - top + 12});
  const area = draw(svg, "g", {"clip-path": `url(#${clip})`, fill: "none"});

  const targets = [];
  let greys = 0;
  for (const series of shown) {
    const look = looks[series.style];
    const colour = look.shaded ? shadeColour(series.shade) : look.colour;
    const dash = look.level ? dashes[greys++ % dashes.length] : look.dash || "none";
    const stroke = {stroke: colour, "stroke-width": look.line || 1.8, "stroke-dasharray": dash};
    if (look.level) {
      const y = atY(series.points[0][1]);
      draw(area, "line", {x1: left, x2: right, y1: y, y2: y, ...stroke});
      targets.push({x: null, y, series, point: series.points[0]});
      continue;
    }
    const places = series.points.filter(point => point[0] > 0 && Number.isFinite(point[1]));
    const pixels = places.map(point => [atX(point[0]), atY(point[1])]);
    if (look.band) {
      const edge = k => places.map(point => atX(point[0]).toFixed(1) + " " + atY(point[k]).toFixed(1));
      draw(area, "path", {d: "M" + edge(2).concat(edge(3).reverse()).join("L") + "Z", fill: colour});
    } else if (look.line) {
      const d = pixels.map(([x, y], i) => (look.steps && i > 0 ? `H${x.toFixed(1)}V` : i > 0 ? `L${x.toFixed(1)} `
        : `M${x.toFixed(1)} `) + y.toFixed(1)).join("");
      draw(area, "path", {d, ...stroke, "stroke-linejoin": "round"});
    }
    pixels.forEach(([x, y], i) => {
      const [, , a, b] = places[i];
      if (look.dot) draw(area, "circle", {cx: x, cy: y, r: look.dot, fill: colour});
      if (look.ring) {
        if (a !== undefined) {
          const [from, to] = [a, b].map(figure.bars === "x" ? atX : atY);
          draw(area, "path", {d: figure.bars === "x" ? `M${from} ${y}H${to}` : `M${x} ${from}V${to}`, ...stroke});
        }
        draw(area, "circle", {cx: x, cy: y, r: look.ring, ...stroke});
      }
      if (look.cross) draw(area, "path", {d: `M${x - look.cross} ${y - look.cross}l9 9m0 -9l-9 9`, ...stroke});
      if (look.arrow) {
        const [tx, ty] = [atX(places[i][0] + a), atY(places[i][1] + b)];
        const length = Math.hypot(tx - x, ty - y) || 1, [ux, uy] = [(tx - x) / length, (ty - y) / length];
        draw(area, "path", {d: `M${x} ${y}L${tx} ${ty}M${tx - 8 * ux - 4 * uy} ${ty - 8 * uy + 4 * ux}L${tx} ${ty}` +
          `L${tx - 8 * ux + 4 * uy} ${ty - 8 * uy - 4 * ux}`, ...stroke});
      }
      if (y > top - 7 && y < bottom + 7) targets.push({x, y, series, point: places[i]});
    });
  }
  const mark = draw(svg, "circle", {r: 7, fill: "none", stroke: "var(--accent)", "stroke-width": 2,
    visibility: "hidden"});
  const tip = add(plot, "div", "", "tip");
  const hide = () => { tip.style.visibility = "hidden"; mark.setAttribute("visibility", "hidden"); };
  plot.onpointerleave = hide;
  plot.onpointermove = plot.onpointerdown = event => {
    const frame = plot.getBoundingClientRect();
    const [px, py] = [event.clientX - frame.left, event.clientY - frame.top];
    // Points before the lines that run through them.
    const distance = t => t.x === null ? 12 + Math.abs(t.y - py) : Math.hypot(t.x - px, t.y - py) +
      (looks[t.series.style].line && !looks[t.series.style].dot ? 6 : 0);
    const nearest = targets.reduce((a, b) => distance(b) < distance(a) ? b : a);
    if (distance(nearest) > 48) return hide();
    const [x, y, a, b] = nearest.point;
    const look = looks[nearest.series.style];
    const between = look.ring && b > a ? "\n" + [a, b].map(figure.bars === "x" ? textX : textY).join(" to ") : "";
    const label = nearest.series.title || nearest.series.says || look.name;
    tip.textContent = label + (x === null ? "" : `\n${figure.x_title} ${textX(x)}`) +
      `\n${figure.y_title} ${textY(y)}` + between +
      (nearest.series.extra ? "\n" + nearest.series.extra(nearest.point) : "");
    const tx = nearest.x === null ? px : nearest.x;
    tip.style.visibility = "visible";
    tip.style.left = Math.max(0, Math.min(tx + 12, width - tip.offsetWidth - 2)) + "px";
    const isLow = nearest.y + 14 + tip.offsetHeight > height;
    tip.style.top = (isLow ? nearest.y - 10 - tip.offsetHeight : nearest.y + 12) + "px";
    mark.setAttribute("cx", tx);
    mark.setAttribute("cy", nearest.y);
    mark.setAttribute("visibility", "visible");
  };
  drawLegend(legend, figure, hidden, redraw);
}
function drawLegend(legend, figure, hidden, redraw) {
  legend.textContent = "";
  let greys = 0;
  figure.series.forEach((series, i) => {
    const look = looks[series.style];
    const dash = look.level ? dashes[greys++ % dashes.length] : look.dash || "none";
    if (!series.title) return;
    const group = groupOf(series, i);
    const button = add(legend, "button");
    button.setAttribute("aria-pressed", !hidden.has(group));
    button.onclick = () => { hidden.has(group) ? hidden.delete(group) : hidden.add(group); redraw(); };
    const key = draw(button, "svg", {width: 24, height: 12});
    const colour = look.shaded ? shadeColour(series.shade) : look.colour;
    const stroke = {stroke: colour, "stroke-width": 2, "stroke-dasharray": dash, fill: "none"};
    if (look.band) draw(key, "rect", {x: 1, y: 1, width: 22, height: 10, fill: colour});
    if (look.line || look.arrow || look.dot) draw(key, "path", {d: "M1 6H23", ...stroke});
    if (look.arrow) draw(key, "path", {d: "M17 2L23 6L17 10", ...stroke});
    if (look.dot) draw(key, "circle", {cx: 12, cy: 6, r: 3.2, fill: colour});
    if (look.ring) draw(key, "circle", {cx: 12, cy: 6, r: 4.5, ...stroke});
    if (look.cross) draw(key, "path", {d: "M8 2l8 8m0 -8l-8 8", ...stroke});
    button.append(series.title);
  });
}
)html";

}  // namespace bitlaw::studies
