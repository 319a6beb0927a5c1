bitlaw list --json reset.blw
