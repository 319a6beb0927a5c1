bitlaw -tqq short.blw embedded.blw
