bitlaw compress --level 9 empty.plain
