#!/bin/bash
# Models of other programs: imported, coded with, and given back.
source "$(dirname "$0")/common.bash"

# word N...: whole numbers of 32 bits, little-endian.
word() {
    local n
    for n in "$@"; do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((n & 255)))\\x$(printf %02x $((n >> 8 & 255)))\\x$(printf %02x $((n >> 16 & 255)))\\x$(printf %02x $((n >> 24 & 255)))"
    done
}

# A model of llama2.c without a thought: width 8, MLP 4, 1 layer, 2 heads, 1 of keys, 8 tokens, context 16.
floats=$((8 * 8 + (8 + 8 * 8 + 2 * 8 * 4 + 8 * 8 + 8 + 3 * 8 * 4) + 8 + 16 * 4))
{
    word 8 4 1 2 1 8 16
    head -c $((4 * floats)) /dev/zero
} >model.bin
{
    word 6
    for token in '<unk>' '<s>' '</s>' '<0x61>' a b ab ' '; do
        word 0 "${#token}"
        printf %s "$token"
    done
} >tokens.bin
printf 'abba ab, and other bytes \x00\xff' >text

check "import of llama2.c" "$bitlaw" import model.bin --tokenizer tokens.bin -o model.blm
grep -q 'llama-tied, 1 layers of width 8, 2 heads of 4' "$work/err"
judge "it says what the network is" cat "$work/err"
for options in "" "--mix fast" "--learn --mix none"; do
    name=archive${options// /}
    # shellcheck disable=SC2086
    check "any bytes are coded ${options:-frozen}" "$bitlaw" compress -q -f $options --fallback never -m model.blm -o "$name" text
    check "and restored ${options:-frozen}" "$bitlaw" decompress -q -f -m model.blm -o restored "$name"
    same "as they were ${options:-frozen}" text restored
done
check "an archive has the vocabulary in it" "$bitlaw" compress -q -f --embed-model -m model.blm -o alone.blw text
cp alone.blw elsewhere.blw
check "so that it restores alone" "$bitlaw" decompress -q -f -o restored elsewhere.blw
same "as it was" text restored
check "eval" "$bitlaw" eval -m model.blm --data text
check "sample" "$bitlaw" sample -m model.blm --prompt a --bytes 40 --seed 2
[[ $(stat -c %s "$work/out") -le 40 ]]
judge "no more bytes than were asked for" stat "$work/out"
check "info" "$bitlaw" info model.blm

# piece TEXT TYPE: one of a SentencePiece model's pieces, with its number as its score.
pieces=0
piece() {
    local hex
    hex=$(printf '\\x%02x' $((${#1} + 9)) ${#1})
    # shellcheck disable=SC2059
    printf "\x0a${hex%????}\x0a${hex#????}%s\x15\x00\x00$(printf '\\x%02x' $((pieces * 16)))\xc0\x18\x0$2" "$1"
}
{
    for token in '<unk> 2' '<s> 3' '</s> 3' '<0x61> 6' 'a 1' 'b 1' 'ab 1' 'ba 1'; do
        # shellcheck disable=SC2086
        piece $token
        pieces=$((pieces + 1))
    done
    printf '\x12\x05\x18\x02\xc8\x02\x01\x1a\x02\x18\x01' # pairs, <s> begins, a space in front
} >tokens.model
check "import with a SentencePiece model" "$bitlaw" import model.bin --tokenizer tokens.model -o pieces.blm
check "any bytes are coded with it" "$bitlaw" compress -q -f --mix none --fallback never -m pieces.blm -o pieces.blw text
check "and restored with it" "$bitlaw" decompress -q -f -m pieces.blm -o restored pieces.blw
same "as they were with it" text restored
head -c 100 tokens.model >short.model
refuse "a SentencePiece model that is cut off" 1 'short.model' "$bitlaw" import model.bin --tokenizer short.model -o x.blm
{
    cat tokens.model
    printf '\x12\x02\x18\x01'
} >unigrams.model
refuse "a SentencePiece model of unigrams" 1 'unigrams' "$bitlaw" import model.bin --tokenizer unigrams.model -o x.blm

check "export as safetensors" "$bitlaw" export --safetensors -m model.blm -o folder
check "and back" "$bitlaw" import folder -o back.blm
"$bitlaw" info model.blm | grep '^model  *[0-9a-f]' >id
"$bitlaw" info back.blm | grep '^model  *[0-9a-f]' | diff id -
judge "with the same id" cat id

refuse "an import without a tokenizer" 2 'tokenizer' "$bitlaw" import model.bin -o x.blm
refuse "an output that is there" 1 'model.blm' "$bitlaw" import model.bin --tokenizer tokens.bin -o model.blm
head -c 100 model.bin >short.bin
refuse "a model that is cut off" 1 'short.bin' "$bitlaw" import short.bin --tokenizer tokens.bin -o x.blm
head -c 30 tokens.bin >short.tokens
refuse "a tokenizer that is cut off" 1 'short.tokens' "$bitlaw" import model.bin --tokenizer short.tokens -o x.blm
refuse "text as a model" 1 'text' "$bitlaw" import text --tokenizer tokens.bin -o x.blm
mkdir empty
refuse "a folder without a config" 1 'config.json' "$bitlaw" import empty -o x.blm
refuse "mixing tokens while they learn" 1 'mixed frozen' "$bitlaw" compress -q --learn --mix fast -m model.blm -o x.blw text
refuse "training a tied network" 2 'imported' "$bitlaw" train --data text --architecture llama-tied --out run
[[ ! -e x.blm && ! -e x.blw ]]
judge "nothing is left of what was refused" ls

printf 'The ' >prompt
"$bitlaw" sample -m model.blm --prompt-file prompt --bytes 30 >one
"$bitlaw" sample -m model.blm --prompt 'The ' --bytes 30 | cmp - one
judge "a prompt from a file" cat one
refuse "two prompts" 2 'prompt' "$bitlaw" sample -m model.blm --prompt-file prompt --prompt x
"$bitlaw" sample -m model.blm --top-k 1 --bytes 30 >one
"$bitlaw" sample -m model.blm --temperature 0 --bytes 30 | cmp - one
judge "--top-k 1 takes the likeliest" cat one
"$bitlaw" sample -m model.blm --top-p 0.0001 --bytes 30 | cmp - one
judge "--top-p of nearly nothing too" cat one
finish
