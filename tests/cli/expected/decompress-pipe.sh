bitlaw decompress -m vanilla-fp32.blm <vanilla-fp32.blw | cmp - vanilla-fp32.plain
