bitlaw explode
