bitlaw -t -m two-symbols.blm mixed.blw stored.blw empty.blw
