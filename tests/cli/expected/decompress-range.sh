bitlaw decompress -m vanilla-fp32.blm --range 250:260 -o part vanilla-fp32.blw
cmp part <(tail -c +251 vanilla-fp32.plain | head -c 10)
