bitlaw export -m vanilla-fp32.blm --weight-format int8 -o small.blm
bitlaw export -m vanilla-fp32.blm --weight-format bf16 -o small.blm
