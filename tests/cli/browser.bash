# Sourced by scripts that look at pages: a page in headless Chromium, with a script behind its own.

# in_browser PAGE OUT SCRIPT: opens a copy of the page, runs the script when all is drawn, and writes the lines that it
# passed to say(NAME, VALUE...) to OUT as "NAME: VALUE ...". Fails, after a line that says so, where there is no Chromium;
# a page that throws gives a line "error: ...".
in_browser() {
    local page=$1 out=$2 script=$3 browser
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
        ok "skipped: no chromium to look at $page"
        return 1
    }
    {
        # Before the page's own scripts, so that their errors are seen.
        sed '0,/<head>/s//<head><script>window.errors = []; onerror = text => { errors.push(text); };<\/script>/' "$page"
        cat <<END
<script>
addEventListener("load", () => setTimeout(() => {
    const lines = [];
    const say = (name, ...values) => lines.push(name + ": " + values.join(" "));
    try { $script } catch (error) { errors.push(error); }
    errors.forEach(error => say("error", error));
    const seen = document.createElement("pre");
    seen.textContent = "\n" + lines.join("\n") + "\n";
    document.body.replaceChildren(seen);
}, 500));
</script>
END
    } >"$work/looked-at.html"
    # Everything that it writes goes to the test's folder; --no-sandbox, since tests may run as root.
    HOME=$work timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$work/browser" --window-size="${window:-1400,900}" --virtual-time-budget=5000 --dump-dom \
        "file://$work/looked-at.html" 2>"$work/browser.log" |
        sed -n '/<pre>/,$p' | sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&nbsp;/ /g; s/&amp;/\&/g' >"$out"
    if [[ ! -s $out ]]; then
        not_ok "chromium opens $page" "$(tail -n 3 "$work/browser.log")"
        return 1
    fi
    ! grep '^error: ' "$out"
    judge "no script of $page fails" grep '^error: ' "$out"
}
