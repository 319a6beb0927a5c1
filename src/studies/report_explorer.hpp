#pragma once
/// \file The script of the report's controls: amounts of data, law, bytes coded and bits a weight, and the
/// U-curve and its lowest points that follow from them. explorer_data.hpp says what it reads.

namespace bitlaw::studies {

/// Behind kChartScript.
inline constexpr const char* kExplorerScript = R"html(
// Where a curve [[N, value]] is lowest: a parabola over log N through the lowest point and its neighbours.
function lowest(points) {
  let i = 0;
  points.forEach((point, k) => { if (point[1] < points[i][1]) i = k; });
  if (i === 0 || i === points.length - 1) return {n: points[i][0], value: points[i][1], end: i === 0 ? -1 : 1};
  const [x0, x1, x2] = [-1, 0, 1].map(k => Math.log(points[i + k][0]));
  const [y0, y1, y2] = [-1, 0, 1].map(k => points[i + k][1]);
  const left = (y1 - y0) / (x1 - x0), right = (y2 - y1) / (x2 - x1);
  const bend = (right - left) / (x2 - x0);
  const x = bend > 0 ? (x0 + x1) / 2 - left / (2 * bend) : x1;
  return {n: Math.exp(x), value: y1 + (x - x1) * (left + bend * (x - x0)), end: 0};
}
// Weights of Catmull and Rom's cubic between the second and third of four values.
function cubic(t) {
  return [((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2];
}
// Bits per byte of a law for each size, after `bytes` different bytes.
function bitsAt(law, data, bytes) {
  const count = data.bytes.length;
  const step = Math.log(data.bytes[count - 1] / data.bytes[0]) / (count - 1);
  const place = Math.log(bytes / data.bytes[0]) / step;
  const i = Math.min(Math.max(Math.floor(place), 1), count - 3);
  const weights = cubic(place - i);
  return data.sizes.map((n, k) => weights.reduce((sum, w, j) => sum + w * law.anywhere[i - 1 + j][k], 0));
}
const percent = value => (100 * value).toFixed(2) + " %";
// Curves go on this far beyond the sizes that were run.
const beyond = 10;

function addExplorer(data) {
  const hasLaw = data.laws.length > 0;
  add(page, "p", "The adjusted rate is what archive and model take together: bits(N) / 8 + w N / (8 S), with w bits a " +
    "weight and S bytes coded. Each amount of data gives a curve over the size N, whose lowest point is the best model " +
    "to train on it. Fewer bits a weight, or more bytes to code, move it to larger networks. That rates stay the same " +
    "with fewer bits a weight is an assumption of this page: rounding costs some.", "note");
  const controls = add(page, "div", "", "controls");
  controls.id = "controls";
  const control = (title, output) => {
    const box = add(controls, "div");
    add(box, "b", title);
    return {box, output: output ? add(box, "output") : null};
  };
  const slider = (parent, id, low, high, step, value) => {
    const input = add(parent, "input");
    Object.assign(input, {type: "range", id, min: low, max: high, step});
    input.value = value;
    return input;
  };
  const check = (parent, text, checked) => {
    const label = add(parent, "label");
    const input = add(label, "input");
    Object.assign(input, {type: "checkbox", checked});
    label.append(" " + text);
    return input;
  };

  const amounts = control("Trained on").box;
  amounts.id = "amounts";
  add(amounts, "br");
  const chosen = data.amounts.map(amount => check(amounts, sizeText(amount.unique), true));
  const lawBox = control("Law").box;
  const select = add(lawBox, "select");
  select.id = "law";
  data.laws.forEach((law, i) => { add(select, "option", law.key + (i === 0 ? " (predicts best)" : "")).value = i; });
  add(select, "option", "none: what was measured only").value = -1;
  const formula = add(lawBox, "div", "", "note");
  const coded = control("Bytes coded, S", true);
  const logs = [data.bytes[0], data.bytes[data.bytes.length - 1]].map(Math.log10);
  const codedSlider = slider(coded.box, "coded", logs[0], logs[1], 0.01, Math.log10(data.predict_bytes));
  const equal = check(coded.box, "as many as each was trained on (S = D)", true);
  equal.id = "equal";
  const weight = control("Bits a weight, w", true);
  const weightSlider = slider(weight.box, "weight", 1, 32, 0.1, data.stored_bits);
  add(weight.box, "div", "the runs store " + data.stored_bits, "note");

  const figure = {title: "Adjusted rate against size", x_title: "parameters N", y_title: "adjusted rate, %",
    log_y: true, x_is_size: true, y_is_size: false, most_y: 250, bars: "y", series: [],
    caption: "Solid: measured, seeds averaged, each size's best number of passes. Dashed: the law, at the most passes; " +
      "red: trained on and coding S bytes, all different. Circles: lowest points; a click on a name hides it."};
  const chart = addChart(page, figure);
  const best = add(page, "div");
  best.id = "best";

  function update() {
    const s = 10 ** +codedSlider.value, w = +weightSlider.value;
    const law = data.laws[+select.value];
    coded.output.textContent = (equal.checked ? "S = D; red " : "") + sizeText(s);
    weight.output.textContent = String(w);
    formula.textContent = law ? law.formula : "";
    const largest = Math.max(...data.amounts.flatMap(amount => amount.points.map(point => point[0])));
    const measured = (points, bytes) => points.map(([n, bits, model, passes]) =>
      [n, 100 * (bits / 8 + model * w / data.stored_bits / bytes), bits, passes]);
    const predicted = (bits, bytes) => data.sizes.map((n, k) => [n, 100 * (bits[k] / 8 + w * n / 8 / bytes), bits[k]]);
    const near = (points, size) => points.filter(point => point[0] <= beyond * size);
    const raw = point => point[2].toFixed(3) + " bits/byte raw" + (point[3] ? `, ${point[3]} passes` : "");
    const bound = least => least.end > 0 ? ">= " : least.end < 0 ? "<= " : "";
    const rows = [], series = [], lowestPoints = [];
    data.amounts.forEach((amount, i) => {
      if (!chosen[i].checked) return;
      const bytes = equal.checked ? amount.unique : s;
      const shade = data.amounts.length < 2 ? 0.4 : i / (data.amounts.length - 1);
      const name = sizeText(amount.unique);
      const row = ["runs on " + name, sizeText(bytes), "", "", "", ""];
      if (law) {
        const points = predicted(law.at_amounts[i], bytes);
        const least = lowest(points);
        series.push({style: "law", title: "", says: "law at " + name, shade, points: near(points, largest), extra: raw});
        [row[4], row[5]] = [bound(least) + sizeText(least.n), percent(least.value / 100)];
      }
      if (amount.curve.length > 0) {
        const points = measured(amount.curve, bytes);
        const least = lowest(points);
        series.push({style: "curve", title: "", says: "between runs on " + name, shade, points, extra: raw});
        lowestPoints.push([least.n, least.value]);
        [row[2], row[3]] = [bound(least) + sizeText(least.n), percent(least.value / 100)];
      }
      series.push({style: "point", title: "D = " + name, shade, points: measured(amount.points, bytes), extra: raw});
      rows.push(row);
    });
    if (law) {
      const points = predicted(bitsAt(law, data, s), s);
      const least = lowest(points);
      series.push({style: "red", title: `law, D = S = ${sizeText(s)}`, shade: 0,
        points: near(points, Math.max(largest, least.n)), extra: raw});
      lowestPoints.push([least.n, least.value]);
      rows.push(["law, D = S", sizeText(s), "", "", bound(least) + sizeText(least.n), percent(least.value / 100)]);
    }
    series.push({style: "optimum", title: "lowest point", shade: 0, points: lowestPoints});
    // Twice what is best: beyond, curves say nothing of it.
    const most_y = Math.max(...lowestPoints.map(point => 2 * point[1]), 10);
    chart.figure = Object.assign(figure, {series, most_y});
    chart.draw();
    best.textContent = "";
    addRows(best, ["curve", "S", "best N, measured", "adjusted", "best N by the law", "adjusted"].map((title, i) =>
      ({title, left: i === 0})), rows);
  }
  codedSlider.oninput = () => { equal.checked = false; update(); };
  weightSlider.oninput = select.onchange = equal.onchange = update;
  chosen.forEach(input => { input.onchange = update; });
  update();
}
)html";

}  // namespace bitlaw::studies
