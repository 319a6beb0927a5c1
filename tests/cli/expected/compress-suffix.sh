bitlaw compress -m modern-int8.blm modern-int8.blw
