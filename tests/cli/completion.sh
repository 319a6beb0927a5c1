#!/bin/bash
# Completion in bash, zsh and fish, asked for in the shells themselves.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
commands=$("$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for shell in bash zsh fish; do check "a script for $shell" bash -c "'$bitlaw' completion $shell >$shell.script"; done
refuse "another shell" 2 "choose bash, zsh or fish" "$bitlaw" completion csh
refuse "no shell" 2 "choose bash, zsh or fish" "$bitlaw" completion
# Every option that a help shows is in every script.
for command in $commands; do
    "$bitlaw" "$command" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr , '\n' | sed 's/{.*//' | sort -u >options
    for option in $(<options); do
        grep -q -- "[' ]$option[' ]" bash.script || echo "bash: $command $option"
        grep -qF -- "'*$option[" zsh.script || echo "zsh: $command $option"
        dashes=${option%%[^-]*}
        [[ $dashes == -- ]] && fish="-l ${option#--}" || fish="-s ${option#-}"
        grep -q -- "__bitlaw_command $command'.* $fish " fish.script || echo "fish: $command $option"
    done
done >lacking
[[ ! -s lacking && -s options ]]
judge "every option of every command" cat lacking
mkdir folder && touch one.blw two.blw plain

# in_bash WORD...: what bash offers for the last word, sorted.
cat >ask.bash <<'BASH'
source bash.script
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_bitlaw && printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
BASH
# The shell of a user: neither what this script set nor its aliases.
in_bash() { bash ask.bash bitlaw "$@" 2>&1; }
in_fish() { fish --no-config -c 'source fish.script; complete -C "bitlaw '"$*"'"' 2>&1 | cut -f 1 | sort | tr '\n' ' '; }
# zsh completes in its line editor only: one in a terminal of its own is asked to list what fits.
cat >ask.zsh <<'ZSH'
zmodload zsh/zpty
zpty -b z "TERM=dumb PS1='ready>' zsh -f -i"
zpty -w z "PROMPT='' RPROMPT=''; cd ${(q)PWD}; autoload -Uz compinit && compinit -u -D; source ./zsh.script; setopt no_beep no_list_beep"
zpty -w z "compadd() { [[ \$* == *-[OAD]* ]] && { builtin compadd \"\$@\"; return }; local -a found; builtin compadd -O found \"\$@\"; print -rl -- \$found >>offered; builtin compadd \"\$@\"; }"
zpty -w z "print set >ready"
repeat 200; do [[ -e ready ]] && break; sleep 0.05; done
zpty -n -w z "bitlaw $1"$'\t'
repeat 200; do [[ -s offered ]] && break; sleep 0.05; done
sleep 0.3
zpty -d z
ZSH
in_zsh() {
    rm -f offered ready
    timeout 30 zsh -f ask.zsh "$*" >zsh.log 2>&1
    sort -u offered 2>/dev/null | grep -v '^$' | tr '\n' ' '
}

# offers SHELL "WORDS..." EXPECTED: exactly these.
offers() {
    local shell=$1 words=$2 expected=$3 found
    # shellcheck disable=SC2086
    if [[ $shell == bash ]]; then
        local -a split
        IFS=' ' read -ra split <<<"$words"
        [[ $words == *' ' ]] && split+=('')
        found=$(in_bash "${split[@]}")
    else found=$("in_$shell" "$words"); fi
    [[ ${found% } == "$expected" ]]
    judge "$shell: $words" echo "offered: $found"
}
for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        ok "completion in $shell (not tried: no $shell here)"
        continue
    fi
    offers $shell "comp" "completion compress"
    offers $shell "completion " "bash fish zsh"
    offers $shell "compress --mi" "--mix"
    offers $shell "compress --mix " "fast full none"
    offers $shell "compress --fallback b" "best"
    offers $shell "train --optimizer " "adamw automatic muon"
    offers $shell "data i" "images"
    offers $shell "study pl" "plan plot"
    offers $shell "help rec" "recover"
done
if command -v bash >/dev/null; then
    offers bash "decompress " "folder one.blw two.blw"
    offers bash "test o" "one.blw"
    offers bash "compress pl" "plain"
    offers bash "-d --ran" "--range"
    offers bash "compress --mix = fu" "full"
    offers bash "compress --block-size " ""
fi
# As bash-completion loads it: by the file's name, when the command is completed first.
if [[ -r /usr/share/bash-completion/bash_completion ]]; then
    mkdir -p share/bash-completion/completions && cp bash.script share/bash-completion/completions/bitlaw
    XDG_DATA_DIRS=$PWD/share bash -c 'set +u; source /usr/share/bash-completion/bash_completion
        PATH=/usr/bin:/bin; bitlaw() { :; }; __load_completion bitlaw; complete -p bitlaw' >out 2>&1
    grep -q -- '-F _bitlaw bitlaw' out
    judge "bash-completion finds it" cat out
else
    ok "bash-completion finds it (not tried: not installed)"
fi
finish
