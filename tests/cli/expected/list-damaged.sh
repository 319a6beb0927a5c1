head -c 300 vanilla-fp32.blw >short.blw
bitlaw -l short.blw stored.blw
