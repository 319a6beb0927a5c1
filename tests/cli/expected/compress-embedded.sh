bitlaw compress -m modern-bf16.blm --embed-model modern-bf16.plain
bitlaw test modern-bf16.plain.blw
