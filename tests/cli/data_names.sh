#!/bin/bash
# Many data files by a folder, a pattern and a list.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
mkdir -p many/deep
make_text 40000 >all
for part in 1 2 3; do head -c $((part * 10000)) all | tail -c 10000 >many/p$part.txt; done
tail -c 10000 all >many/deep/p4.txt
printf 'x' >many/notes.md
# sources DIR: the names that the run recorded.
sources() { "$bitlaw" info "$1/model.blm" | grep -o 'p[0-9]\.txt' | tr '\n' ' '; }

check "a quoted pattern" train_tiny pattern "many/*.txt" --tokens 8K
[[ $(sources pattern) == "p1.txt p2.txt p3.txt "* ]]
judge "its files, sorted" "$bitlaw" info pattern/model.blm
printf '%s\n' p3.txt '' 'deep/*.txt' p1.txt@0:5000 >many/list
check "a list, relative to its folder" train_tiny list @many/list --tokens 8K
[[ $(sources list) == "p3.txt p4.txt p1.txt "* ]]
judge "its lines in their order" "$bitlaw" info list/model.blm
rm many/notes.md many/list
check "a folder" train_tiny folder many --tokens 8K
[[ $(sources folder) == "p4.txt p1.txt p2.txt p3.txt "* ]]
judge "all files below it" "$bitlaw" info folder/model.blm
check "the same by name" "$bitlaw" train -q --data many/deep/p4.txt many/p1.txt many/p2.txt many/p3.txt "${tiny[@]}" --tokens 8K -o named
same "the same model" folder/model.blm named/model.blm
cp many/p1.txt 'odd[1].txt' && cp many/p2.txt '@odd'
check "a file whose name looks like a pattern" train_tiny odd 'odd[1].txt' --tokens 4K
check "a file whose name looks like a list" train_tiny at '@odd' --tokens 4K
refuse "a pattern that nothing matches" 2 "no file matches 'many/\*.html'" train_tiny none 'many/*.html'
refuse "a pattern with a weight" 2 "without ranges and weights" train_tiny none 'many/*.txt:0.5'
mkdir empty
refuse "an empty folder" 2 "the folder empty holds no file" train_tiny none empty
refuse "a list that is missing" 1 "cannot open nowhere" train_tiny none @nowhere
echo @other >nested
refuse "a list in a list" 2 "the list names another list, @other" train_tiny none @nested
finish
