#pragma once
/// \file The page of eval --html around its JSON: every byte in the colour of its bits, and what was expected
/// there under the pointer. Plain JavaScript; all texts become text nodes.

namespace bitlaw::cli {

/// Up to the JSON.
inline constexpr const char* kBytePageBegin = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>bitlaw eval</title>
<style>
:root { --paper: #fff; --ink: #1a1a1a; --soft: #5a5f66; --rule: #ddd; --fill: #f4f5f7; --mark: #0057b8; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #eceef0; --soft: #a3a9b0; --rule: #343a40;
  --fill: #1e2226; --mark: #8cc8ff; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: var(--ink); background: var(--paper);
  margin: 1.5rem auto; max-width: 100rem; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 0.4rem; } h2 { font-size: 1rem; margin: 0 0 0.4rem; }
p { margin: 0.3rem 0; } .note { color: var(--soft); font-size: 0.88rem; }
#scale { display: flex; align-items: center; gap: 0; font-size: 0.85rem; color: var(--soft); margin: 0.6rem 0 1rem; }
#scale i { width: 0.75rem; height: 1.1rem; display: inline-block; }
#panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1.2rem; }
.panel { min-width: 0; }
.text { font: 14px/1.65 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  border: 1px solid var(--rule); border-radius: 6px; padding: 0.6rem; }
.text div { content-visibility: auto; contain-intrinsic-size: auto 24em; }
.text span { border-radius: 2px; cursor: default; } .text .odd { font-size: 10px; opacity: 0.75; }
.text .seen { outline: 2px solid var(--mark); }
#tip { position: fixed; pointer-events: none; visibility: hidden; background: var(--fill); border: 1px solid var(--soft);
  border-radius: 5px; padding: 0.4rem 0.6rem; font-size: 0.82rem; max-width: 22rem; z-index: 1; }
#tip table { border-collapse: collapse; margin-top: 0.2rem; } #tip td { padding: 0 0.5rem 0 0; text-align: right; }
#tip td:first-child { font-family: "DejaVu Sans Mono", monospace; text-align: left; }
#tip .came { font-weight: bold; color: var(--mark); }
</style>
</head>
<body>
<noscript><p>A script in this page shows the bytes; bitlaw eval --per-byte writes them as numbers.</p></noscript>
<script type="application/json" id="data">
)html";

/// Behind the JSON.
inline constexpr const char* kBytePageEnd = R"html(</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const unpacked = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const bytes = unpacked(data.bytes), packed = unpacked(data.bits), shares = unpacked(data.shares);
const ways = data.ways.length;
const bitsAt = (place, way) => {
  const i = 2 * (place * ways + way);
  return (packed[i] + 256 * packed[i + 1]) / 2048;
};
// [[byte, probability]], the likeliest first.
const likelyAt = place => Array.from({length: data.likely}, (_, k) => {
  const i = 3 * (place * data.likely + k);
  return [shares[i], (shares[i + 1] + 256 * shares[i + 2]) / 65535];
});
function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}
const commas = value => value.toLocaleString("en-US", {maximumFractionDigits: 0});
// Half bits up to 12: nothing, then amber to a deep red that text stays readable on.
const steps = 24;
const colour = step => `hsl(${45 - 45 * step / steps} 90% 50% / ${step === 0 ? 0 : 0.12 + 0.58 * step / steps})`;
const stepOf = bits => Math.min(steps, Math.round(2 * bits));
const sheet = add(document.head, "style");
sheet.textContent = Array.from({length: steps + 1}, (_, step) => `.b${step} { background: ${colour(step)}; }`).join("\n");
const names = {9: "\\t", 10: "\\n", 13: "\\r", 32: "blank"};
const hex = byte => "x" + byte.toString(16).padStart(2, "0");
const nameOf = byte => names[byte] || (byte > 32 && byte < 127 ? String.fromCharCode(byte) : hex(byte));

// How each byte is written: a whole character of UTF-8 at its first byte, a dot at its others.
const written = [];
const strict = new TextDecoder("utf-8", {fatal: true});
for (let i = 0; i < bytes.length;) {
  const byte = bytes[i];
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
  let text = null;
  if (length > 1) {
    try { text = strict.decode(bytes.subarray(i, i + length)); } catch { text = null; }
    if (text !== null && (text.length > 2 || /[\p{C}\p{Z}\p{M}]/u.test(text))) text = null;
  }
  if (text !== null) {
    written.push([text, ""]);
    for (let k = 1; k < length; ++k) written.push(["·", "odd"]);
    i += length;
    continue;
  }
  written.push(byte === 10 ? ["⏎\n", ""] : byte >= 32 && byte < 127 ? [String.fromCharCode(byte), ""] : [hex(byte), "odd"]);
  ++i;
}

document.title = "bitlaw: " + data.name;
add(document.body, "h1", data.name);
for (const way of data.ways) {
  add(document.body, "p", `${way.name}: ${commas(way.bits / 8)} bytes for ${commas(data.size)}, ` +
    `${(way.bits / Math.max(data.size, 1)).toFixed(4)} bits/byte, without a model's bytes`);
}
if (data.shown < data.size) {
  const text = `The first ${commas(data.shown)} of ${commas(data.size)} bytes are shown; bitlaw eval --html-bytes shows more.`;
  add(document.body, "p", text, "note");
}
const scale = add(document.body, "div");
scale.id = "scale";
scale.append("0\u00a0");
for (let step = 0; step <= steps; ++step) add(scale, "i", "", "b" + step);
scale.append("\u00a012 bits and more" + (data.likely ? "; under the pointer: what the network expected" : ""));
const panels = add(document.body, "div");
panels.id = "panels";
const spans = data.ways.map((way, w) => {
  const panel = add(panels, "div", "", "panel");
  if (ways > 1) add(panel, "h2", way.name);
  const text = add(panel, "div", "", "text");
  const list = [];
  let block = add(text, "div");
  for (let place = 0; place < bytes.length; ++place) {
    const span = add(block, "span", written[place][0], "b" + stepOf(bitsAt(place, w)) + " " + written[place][1]);
    span.place = place;
    list.push(span);
    // Blocks that are not on the screen cost the browser nothing.
    if (place % 2000 >= 1000 && bytes[place] === 10 || place % 2000 === 1999) block = add(text, "div");
  }
  return list;
});
const tip = add(document.body, "div");
tip.id = "tip";
let seen = -1;
function show(place, x, y) {
  if (place !== seen) {
    if (seen >= 0) spans.forEach(list => list[seen].classList.remove("seen"));
    seen = place;
    tip.textContent = "";
    tip.style.visibility = place < 0 ? "hidden" : "visible";
    if (place < 0) return;
    spans.forEach(list => list[place].classList.add("seen"));
    add(tip, "b", `byte ${commas(place)}: ${nameOf(bytes[place])} (${hex(bytes[place])})`);
    data.ways.forEach((way, w) => {
      const bits = bitsAt(place, w);
      add(tip, "div", `${way.name}: ${bits.toFixed(3)} bits, p = ${(2 ** -bits).toPrecision(3)}`);
    });
    if (data.likely) {
      const table = add(tip, "table");
      for (const [byte, share] of likelyAt(place)) {
        const row = add(table, "tr", "", byte === bytes[place] ? "came" : "");
        add(row, "td", nameOf(byte));
        add(row, "td", (100 * share).toFixed(2) + " %");
      }
    }
  }
  tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = (y + 20 + tip.offsetHeight > innerHeight ? Math.max(4, y - 12 - tip.offsetHeight) : y + 18) + "px";
}
panels.onpointermove = panels.onpointerdown = event => {
  const place = event.target.place;
  show(place === undefined ? -1 : place, event.clientX, event.clientY);
};
panels.onpointerleave = () => show(-1, 0, 0);
</script>
</body>
</html>
)html";

}  // namespace bitlaw::cli
