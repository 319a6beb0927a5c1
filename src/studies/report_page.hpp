#pragma once
/// \file The report's page around its findings: a style, and a script that shows what stands in the JSON.
/// report_chart.hpp draws the pictures, report_explorer.hpp has the controls.

namespace bitlaw::studies {

/// Up to the style.
inline constexpr const char* kPageBegin = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>bitlaw study</title>
)html";

inline constexpr const char* kPageStyle = R"html(<style>
:root { --paper: #fff; --ink: #222; --soft: #555; --rule: #ddd; --grid: #e8e8e8; --edge: #888; --fill: #f4f5f7;
  --accent: #2b6cb0; --red: #c03030; --band: #ddd; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e3e5e8; --soft: #a3a9b0; --rule: #343a40;
  --grid: #2a2f34; --edge: #7d858d; --fill: #1e2226; --accent: #6cb2eb; --red: #f07070; --band: #3a4047; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 66rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.3rem; margin-top: 2.4rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.3rem; }
ul { padding-left: 1.3rem; }
.note { color: var(--soft); font-size: 0.88rem; margin: 0.3rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.82rem; }
th, td { text-align: right; padding: 0.15rem 0.6rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--soft); font-weight: normal; border-bottom: 1px solid var(--edge); } .left { text-align: left; }
.chart { margin: 1.6rem 0 2.2rem; } .chart h3 { margin: 0; }
.plot { position: relative; touch-action: pan-y; } .plot svg { display: block; width: 100%; }
.plot text { fill: var(--soft); font-size: 12px; }
.tip { position: absolute; pointer-events: none; background: var(--fill); color: var(--ink); font-size: 0.8rem;
  border: 1px solid var(--edge); border-radius: 4px; padding: 0.25rem 0.5rem; white-space: pre; visibility: hidden; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 0.9rem; margin: 0.3rem 0; }
.legend button { font: inherit; font-size: 0.82rem; color: inherit; background: none; border: 0; padding: 0.1rem 0;
  cursor: pointer; display: flex; align-items: center; gap: 0.35rem; }
.legend button[aria-pressed=false] { opacity: 0.35; }
.controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0.7rem 2rem;
  background: var(--fill); border: 1px solid var(--rule); border-radius: 6px; padding: 0.9rem 1.1rem; margin: 1rem 0; }
.controls > div { min-width: 0; }
.controls b { font-weight: 600; font-size: 0.88rem; } .controls output { float: right; font-size: 0.88rem; }
.controls label { font-size: 0.88rem; margin-right: 0.9rem; white-space: nowrap; }
.controls input[type=range], .controls select { display: block; width: 100%; margin: 0.3rem 0; font: inherit;
  font-size: 0.85rem; accent-color: var(--accent); }
input[type=checkbox] { accent-color: var(--accent); }
</style>
)html";

/// Up to the JSON.
inline constexpr const char* kPageBody = R"html(</head>
<body>
<noscript><p>A script in this page shows the findings, which stand in it as JSON. Without scripts: findings.txt beside
this page has the same tables and sentences, plots/ the pictures, fit/ the tables as CSV.</p></noscript>
<script type="application/json" id="study">
)html";

/// Behind the scripts of pictures and controls.
inline constexpr const char* kPageEnd = R"html(
function addList(items) {
  const list = add(page, "ul");
  for (const item of items) add(list, "li", item);
}
function addRows(parent, columns, rows) {
  const table = add(add(parent, "div", "", "wide"), "table");
  const addRow = (tag, cells) => {
    const row = add(table, "tr");
    cells.forEach((cell, i) => add(row, tag, cell, columns[i].left ? "left" : ""));
  };
  addRow("th", columns.map(column => column.title));
  for (const row of rows) addRow("td", row);
}
function addTable(table) {
  add(page, "h3", table.title);
  add(page, "p", table.note, "note");
  addRows(page, table.columns, table.rows);
}
document.title = study.title;
add(page, "h1", study.title);
addList(study.headlines);
if (study.explorer) {
  add(page, "h2", "The best size for your bytes and your weights");
  addExplorer(study.explorer);
}
add(page, "h2", "Pictures");
for (const picture of study.pictures) addChart(page, picture);
add(page, "h2", "Tables");
study.tables.forEach(addTable);
add(page, "h2", "Runs");
addList(study.account);
addTable(study.runs);
add(page, "h2", "Method");
addList(study.method);
</script>
</body>
</html>
)html";

}  // namespace bitlaw::studies
