#!/bin/bash
# The page of a study in a browser: controls move the curves and their lowest points, the pointer says values.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
source "$(dirname "$0")/common.bash"
source "$project/tests/cli/browser.bash"

# The committed runs; with few resampled studies, and no compressors to be run.
sed -e 's/^bootstrap .*/bootstrap = 10/' -e '/^compressors /d' -e '/^rivals /d' "$project/experiments/03-scaling/wiki8.conf" >wiki8.conf
mkdir wiki8
cp "$project/experiments/03-scaling/wiki8/results.csv" wiki8
check "report" env BITLAW_DATA="$work/nowhere" "$bitlaw" study report wiki8.conf
[[ $(grep -c '<script' wiki8/report.html) == 2 && $(grep -c 'svg xmlns' wiki8/report.html) == 0 ]] &&
    ! grep -Eq 'src="|href="|@import|url\(http' wiki8/report.html
judge "one file, with nothing from outside" grep -nE '<script|src="|href="' wiki8/report.html

look='
    const rows = () => [...document.querySelectorAll("#best tr")].slice(1).map(row => [...row.children].map(cell => cell.textContent).join("|"));
    const input = (id, value) => {
        const element = document.getElementById(id);
        element.value = value;
        element.dispatchEvent(new Event("input"));
        element.dispatchEvent(new Event("change"));
    };
    const curves = () => [...document.querySelectorAll("#controls + .chart path")].map(path => path.getAttribute("d")).join();
    const number = text => parseFloat(text.replace(/[>=< ]/g, "")) * ({K: 1e3, M: 1e6, G: 1e9}[text.slice(-1)] || 1);
    const best = row => number(rows()[row].split("|")[2]);
    say("charts", document.querySelectorAll(".chart svg[role=img]").length);
    say("wide", document.documentElement.scrollWidth <= innerWidth);
    rows().forEach(row => say("begin", row));
    const before = curves(), inside = best(2);
    input("weight", 4);
    say("weight moves", curves() !== before, best(2) > 1.5 * inside, document.querySelector("#weight").previousSibling.textContent);
    input("weight", 16);
    say("and back", curves() === before);
    input("coded", 9);
    say("coded", document.getElementById("equal").checked, best(2) > inside, rows().map(row => row.split("|")[1]).join(" "));
    document.getElementById("equal").click();
    say("equal", curves() === before);
    input("law", 3);
    say("law", curves() !== before, rows()[2].split("|")[4] !== "");
    input("law", -1);
    say("none", rows().length, rows()[2].split("|")[4] === "");
    input("law", 0);
    document.querySelector("#amounts input").click();
    say("amounts", rows().length, rows()[0].split("|")[0]);
    document.querySelector("#amounts input").click();
    const chart = document.querySelectorAll(".chart")[1], dots = () => chart.querySelectorAll(".plot circle").length;
    const all = dots();
    chart.querySelector(".legend button").click();
    say("legend", dots() < all, chart.querySelector(".legend button").getAttribute("aria-pressed"));
    const dot = chart.querySelector(".plot g circle").getBoundingClientRect();
    chart.querySelector(".plot").dispatchEvent(new PointerEvent("pointermove", {clientX: dot.x + 3, clientY: dot.y + 3}));
    const tip = chart.querySelector(".tip");
    say("tip", tip.style.visibility, tip.textContent.replace(/\n/g, " / "));
'
for window in 1400,900 420,900; do
    in_browser wiki8/report.html page.txt "$look" || break
    shown() { sed -n "s/^$1: //p" page.txt; }
    (($(shown charts) == 7)) && [[ $(shown wide) == true ]]
    judge "$window: the explorer and six pictures, no wider than the page" cat page.txt
    # What the fit found: D, bound, N and rate.
    tail -n +2 wiki8/fit/measured_optimum.csv | awk -F, '
        function size(n) { return n < 1e6 ? sprintf("%.3gK", n / 1e3) : sprintf("%.3gM", n / 1e6) }
        { printf "runs on %s|%s|%s%s|%.2f %%\n", size($1), size($1), $2 == "" ? "" : $2 " ", size($3), 100 * $9 }' >expected
    shown begin | head -n 5 | cut -d'|' -f1-4 | diff expected - >difference
    judge "$window: begins with the lowest points that the fit found" cat difference page.txt
    [[ $(shown "weight moves") == "true true 4" && $(shown "and back") == true ]]
    judge "$window: bits a weight move the curves and their lowest points" cat page.txt
    [[ $(shown coded) == "false true 1G 1G 1G 1G 1G 1G" && $(shown equal) == true ]]
    judge "$window: so do bytes coded" cat page.txt
    [[ $(shown law) == "true true" && $(shown none) == "5 true" && $(shown amounts) == "5 runs on 3.2M" ]]
    judge "$window: law and amounts are chosen" cat page.txt
    [[ $(shown legend) == "true false" && $(shown tip) == "visible "*" / parameters N "*" / bits per byte "* ]]
    judge "$window: names hide curves, the pointer says values" cat page.txt
done
finish
