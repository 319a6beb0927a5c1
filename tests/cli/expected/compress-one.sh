bitlaw compress -m modern-int8.blm -f modern-int8.plain
cmp modern-int8.plain <(bitlaw decompress -m modern-int8.blm -c modern-int8.plain.blw)
