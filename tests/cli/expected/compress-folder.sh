mkdir folder
bitlaw compress -m modern-int8.blm folder empty.plain
