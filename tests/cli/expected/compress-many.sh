bitlaw compress -m modern-int8.blm modern-int8.plain missing empty.plain mixed.plain
