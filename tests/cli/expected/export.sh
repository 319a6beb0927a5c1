bitlaw export -m vanilla-fp32.blm --model-precision int8 -o small.blm
bitlaw export -m vanilla-fp32.blm --model-precision bf16 -o small.blm
