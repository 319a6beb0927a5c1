touch embedded
bitlaw decompress embedded.blw
