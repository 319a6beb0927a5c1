bitlaw list vanilla-fp32.blw embedded.blw stored.blw mixed.blw empty.blw
