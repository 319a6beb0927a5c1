bitlaw decompress -m modern-int8.blm -o out vanilla-fp32.blw 2>&1 | sed 's/looked in.*/looked in .../' >&2
exit "${PIPESTATUS[0]}"
