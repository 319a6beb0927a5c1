#pragma once
/// \file The report's page around its findings: a style, and a script that shows what stands in the JSON.

namespace bitlaw::studies {

/// Up to the JSON.
inline constexpr const char* kPageBegin = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>bitlaw study</title>
<style>
body { font: 16px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: #222; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.3rem; }
figure { margin: 1.2rem 0; } figure img { width: 100%; height: auto; }
figcaption, .note { color: #555; font-size: 0.88rem; margin: 0.3rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.82rem; }
th, td { text-align: right; padding: 0.15rem 0.6rem; border-bottom: 1px solid #eee; white-space: nowrap; }
th { color: #555; font-weight: normal; border-bottom: 1px solid #999; } .left { text-align: left; }
</style>
</head>
<body>
<noscript><p>A script in this page shows the findings, which stand in it as JSON. Without scripts: findings.txt beside
this page has the same tables and sentences, plots/ the pictures, fit/ the tables as CSV.</p></noscript>
<script type="application/json" id="study">
)html";

/// Behind the JSON.
inline constexpr const char* kPageEnd = R"html(</script>
<script>
const study = JSON.parse(document.getElementById("study").textContent);
function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}
const page = document.body;
function addList(items) {
  const list = add(page, "ul");
  for (const item of items) add(list, "li", item);
}
function addTable(table) {
  add(page, "h3", table.title);
  add(page, "p", table.note, "note");
  const rows = add(add(page, "div", "", "wide"), "table");
  const addRow = (tag, cells) => {
    const row = add(rows, "tr");
    cells.forEach((cell, i) => add(row, tag, cell, table.columns[i].left ? "left" : ""));
  };
  addRow("th", table.columns.map(column => column.title));
  for (const row of table.rows) addRow("td", row);
}
document.title = study.title;
add(page, "h1", study.title);
addList(study.headlines);
add(page, "h2", "Pictures");
for (const picture of study.pictures) {
  const figure = add(page, "figure");
  const image = add(figure, "img");
  image.alt = picture.name;
  image.src = "data:image/svg+xml," + encodeURIComponent(picture.svg);
  add(figure, "figcaption", picture.caption);
}
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
