#!/bin/bash
# eval --per-byte and --html: what each byte costs, as numbers and as a page.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
source "$(dirname "$0")/common.bash"
source "$project/tests/cli/browser.bash"
make_text 60000 >text
tail -c +50001 text >held
check "train" train_tiny model text@:50K --tokens 100K

sum() { awk -F, 'NR > 1 {sum += $3; ++n} END {printf "%d %.3f", n, sum}' "$1"; }
# said: the sum that eval says; estimate: its row's bytes.
said() { sed -n 's/.* cost \([0-9.]*\) bits, .*/\1/p' "$work/err"; }
estimate() { sed -n 's/.*"estimated_bytes": \([0-9]*\),.*/\1/p' "$work/out"; }
for way in "" "--learn --learn-segment 128 --learn-window 256" "--protocol chunked --chunk 100" "--mix fast" "-m none --mix fast"; do
    model=(-m model)
    [[ $way == *none* ]] && model=()
    # shellcheck disable=SC2086
    check "--per-byte ${way:-network}" "$bitlaw" eval "${model[@]}" $way --data held --json --per-byte bits.csv
    [[ $(sum bits.csv) == "10000 $(said)" ]]
    judge "its sum is what is said" echo "$(sum bits.csv)" "$(said)"
    awk -v sum="$(said)" -v rate="$(estimate)" -v way="$way" 'BEGIN {
        difference = rate - sum / 8
        exit !(way ~ /chunked/ ? difference >= 0 && difference < 1 : difference > -1 && difference < 80)
    }'
    judge "and the printed rate, but for the archive's own bytes" echo "$(said)" "$(estimate)"
done
[[ $(sed -n 2p bits.csv | cut -d, -f1,2) == "0,$(head -c 1 held | od -An -tu1 | tr -d ' ')" ]]
judge "place and byte" head -n 3 bits.csv
check ".npy" "$bitlaw" eval -m model --data held --per-byte bits.npy
"$bitlaw" eval -q -m model --data held --per-byte bits.csv >/dev/null
# The header is padded to 128 bytes, and the first number follows.
[[ $(stat -c %s bits.npy) == $((128 + 8 * 10000)) && $(head -c 118 bits.npy | tail -c +11) == "{'descr': '<f8', 'fortran_order': False, 'shape': (10000,), }"* ]]
judge "NumPy's format" head -c 128 bits.npy
first=$(od -An -j128 -N8 -tf8 bits.npy | tr -d ' ')
awk -v a="$first" -v b="$(sed -n 2p bits.csv | cut -d, -f3)" 'BEGIN {exit !(a - b < 1e-9 && b - a < 1e-9)}'
judge "the same numbers" sed -n 2p bits.csv
refuse "another suffix" 2 "choose .npy or .csv" "$bitlaw" eval -m model --data held --per-byte bits.txt
refuse "two files" 2 "of one file" "$bitlaw" eval -m model --data held text --html out.html
refuse "the data stay" 1 "held" "$bitlaw" eval -m model --data held --html held

# ---- The page -------------------------------------------------------------------------------------------------------------
# Every byte, and what would end the script or begin another one.
{
    printf '</script><script>document.title="broken"</script><!-- <img src=x onerror=alert(1)> &amp; \xc3\xa9\xe2\x82\xac\xff\n'
    for byte in {0..255}; do printf "\\x$(printf %02x "$byte")"; done
    head -c 3000 held
} >'any "<b>bytes'
check "--html" "$bitlaw" eval -m model --mix fast --data 'any "<b>bytes' --html page.html --html-bytes 3000
grep -q "page.html: shows the first 3,000 of 3,3[0-9][0-9] bytes; --html-bytes shows more" "$work/err"
judge "says that it shows a part" cat "$work/err"
(($(stat -c %s page.html) < 12000 + 40 * 3000)) && [[ $(grep -c '<script' page.html) == 2 ]] && ! grep -q 'onerror\|http' page.html
judge "bounded, with no script but its own, and nothing from outside" grep -n '<script\|http' page.html
if in_browser page.html page.dom '
    const spans = [...document.querySelectorAll(".panel:first-child .text span")];
    say("panels", document.querySelectorAll(".panel").length);
    say("spans", spans.length);
    say("title", document.title);
    say("images", document.images.length);
    say("text", spans.slice(0, 17).map(span => span.textContent).join(""));
    say("odd", spans.slice(89, 95).map(span => span.textContent).join(" "));
    const over = place => {
        const frame = spans[place].getBoundingClientRect();
        spans[place].dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: frame.x, clientY: frame.y}));
    };
    over(2000);
    say("seen", document.querySelectorAll(".seen").length);
    say("tip", [...document.querySelectorAll("#tip b, #tip div")].map(line => line.textContent).join(" / "));
    const rows = [...document.querySelectorAll("#tip tr")].map(row => row.lastChild.textContent);
    say("likely", rows.length, rows.every((share, i) => i === 0 || parseFloat(share) <= parseFloat(rows[i - 1])));
    over(2001);
    say("moved", document.querySelector("#tip b").textContent.slice(0, 11));
'; then
    shown() { sed -n "s/^$1: //p" page.dom; }
    [[ $(shown panels) == 2 && $(shown spans) == 3000 ]]
    judge "the network beside the mixture, every byte" cat page.dom
    [[ $(shown title) == 'bitlaw: any "<b>bytes' && $(shown images) == 0 && $(shown text) == '</script><script>' ]]
    judge "text stays text" cat page.dom
    [[ $(shown odd) == *"é · € · · xff"* ]]
    judge "characters of UTF-8, and what is none" cat page.dom
    [[ $(shown seen) == 2 && $(shown tip) == "byte 2,000: "*" / network: "*" bits, p = "*" / network and experts, mixed: "* &&
        $(shown likely) == "5 true" && $(shown moved) == "byte 2,001:" ]]
    judge "the pointer shows bits and the five likeliest bytes" cat page.dom
fi
check "without a network" "$bitlaw" eval -m none --mix fast --data held --html alone.html
check "an empty file" bash -c ": >empty && '$bitlaw' eval -m model --data empty --html empty.html --per-byte empty.npy"
finish
