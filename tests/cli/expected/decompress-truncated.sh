head -c 100 embedded.blw >short.blw
bitlaw decompress short.blw
ls short*
