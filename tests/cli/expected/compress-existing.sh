touch empty.plain.blw
bitlaw compress -m modern-int8.blm empty.plain
