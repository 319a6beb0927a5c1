// The table of this instruction set: every member of Kernels is the function of the same name in the files
// above.

constexpr Kernels make_table(const char* name) {
    return Kernels{
        .name = name,
        .pack = pack,
        .pack_transposed = pack_transposed,
        .product = product,
        .weight_gradient = weight_gradient,
        .column_sums = column_sums,
        .column_products = column_products,
        .rms_norm = rms_norm,
        .rms_norm_backward = rms_norm_backward,
        .layer_norm = layer_norm,
        .layer_norm_backward = layer_norm_backward,
        .gelu = gelu,
        .gelu_backward = gelu_backward,
        .squared_relu = squared_relu,
        .squared_relu_backward = squared_relu_backward,
        .add = add,
        .scale = scale,
        .round_bf16 = round_bf16,
        .sum_squares = sum_squares,
        .adam = adam,
        .rotate = rotate,
        .rotate_backward = rotate_backward,
        .attention_scratch = attention_scratch,
        .attention_forward = attention_forward,
        .attention_backward = attention_backward,
        .attention_append = attention_append,
        .attention_step_scratch = attention_step_scratch,
        .attention_step = attention_step,
        .softmax_numerators = softmax_numerators,
        .cross_entropy_backward = cross_entropy_backward,
        .frequencies = frequencies,
    };
}
