// Functions of flat arrays, element by element. Needs rows.inl before it.

inline void gelu(const float* x, std::size_t n, float* y) {
    // sigmoid(2u) = 1 / (1 + 2^t), t = -2 log2(e) u = x (linear + cubic x^2).
    const Lanes linear = broadcast(-2.302208198144325F);  // -2 log2(e) sqrt(2 / pi)
    const Lanes cubic = broadcast(-0.1029432395800235F);  // the same times 0.044715
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes value = part.get(x + i);
        const Lanes t = mul(value, fma(cubic, mul(value, value), linear));
        part.put(y + i, div(value, add(broadcast(1.0F), exp2_lanes(t))));
    });
}

inline void gelu_backward(const float* x, const float* dy, std::size_t n, float* dx) {
    const Lanes linear = broadcast(-2.302208198144325F);  // as in gelu
    const Lanes cubic = broadcast(-0.1029432395800235F);
    const Lanes slope = broadcast(1.5957691216057308F);   // d(2u)/dx = slope + curve x^2: 2 sqrt(2 / pi)
    const Lanes curve = broadcast(0.21406444881780076F);  // the same times 3 * 0.044715
    each_vector(n, [&](std::size_t i, auto part) {
        // Beyond +-10 the derivative differs from 0 or 1 by less than 1e-34; the bounds keep x^3 finite. NaN
        // stays.
        const Lanes value = max(broadcast(-10.0F), min(broadcast(10.0F), part.get(x + i)));
        const Lanes square = mul(value, value);
        const Lanes power = exp2_lanes(mul(value, fma(cubic, square, linear)));
        const Lanes sigmoid = div(broadcast(1.0F), add(broadcast(1.0F), power));
        // sigmoid' = sigmoid (1 - sigmoid), and 1 - sigmoid = power * sigmoid.
        const Lanes derivative = mul(sigmoid, mul(power, sigmoid));
        const Lanes inner = mul(value, fma(curve, square, slope));
        part.put(dx + i, mul(part.get(dy + i), fma(inner, derivative, sigmoid)));
    });
}

/// max(x, 0) that keeps NaN.
inline Lanes positive_part(Lanes x) { return max(zero(), x); }

inline void squared_relu(const float* x, std::size_t n, float* y) {
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes value = positive_part(part.get(x + i));
        part.put(y + i, mul(value, value));
    });
}

inline void squared_relu_backward(const float* x, const float* dy, std::size_t n, float* dx) {
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes value = positive_part(part.get(x + i));
        part.put(dx + i, mul(part.get(dy + i), add(value, value)));
    });
}

/// 2^(-x log2(e)) = 1 / sigmoid(x) - 1.
inline Lanes inverse_odds(Lanes x) { return exp2_lanes(mul(x, broadcast(-1.44269504088896341F))); }

inline void silu_gate(const float* g, const float* u, std::size_t n, float* y) {
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes gate = part.get(g + i);
        const Lanes silu = div(gate, add(broadcast(1.0F), inverse_odds(gate)));
        part.put(y + i, mul(silu, part.get(u + i)));
    });
}

inline void silu_gate_backward(const float* g, const float* u, const float* dy, std::size_t n, float* dg,
                               float* du) {
    each_vector(n, [&](std::size_t i, auto part) {
        // Beyond +-64 the derivative differs from 0 or 1 by less than 1e-25; the bounds keep its terms from
        // growing where 2^x has reached its own. NaN stays.
        const Lanes gate = max(broadcast(-64.0F), min(broadcast(64.0F), part.get(g + i)));
        const Lanes odds = inverse_odds(gate);
        const Lanes sigmoid = div(broadcast(1.0F), add(broadcast(1.0F), odds));
        // silu' = sigmoid (1 + x (1 - sigmoid)), and 1 - sigmoid = odds * sigmoid.
        const Lanes slope = mul(sigmoid, fma(gate, mul(odds, sigmoid), broadcast(1.0F)));
        const Lanes back = part.get(dy + i);
        const Lanes passed = part.get(u + i);
        part.put(dg + i, mul(mul(back, passed), slope));
        part.put(du + i, mul(back, mul(part.get(g + i), sigmoid)));
    });
}

inline void squared_relu_gate(const float* g, const float* u, std::size_t n, float* y) {
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes gate = positive_part(part.get(g + i));
        part.put(y + i, mul(mul(gate, gate), part.get(u + i)));
    });
}

inline void squared_relu_gate_backward(const float* g, const float* u, const float* dy, std::size_t n,
                                       float* dg, float* du) {
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes gate = positive_part(part.get(g + i));
        const Lanes back = part.get(dy + i);
        const Lanes passed = part.get(u + i);
        part.put(dg + i, mul(mul(back, passed), add(gate, gate)));
        part.put(du + i, mul(back, mul(gate, gate)));
    });
}

inline void add(const float* x, std::size_t n, float* y) {
    each_vector(n, [&](std::size_t i, auto part) { part.put(y + i, add(part.get(y + i), part.get(x + i))); });
}

inline void scale(const float* x, float factor, std::size_t n, float* y) {
    const Lanes factors = broadcast(factor);
    each_vector(n, [&](std::size_t i, auto part) { part.put(y + i, mul(part.get(x + i), factors)); });
}

inline void round_bf16(const float* x, std::size_t n, float* y) {
    each_vector(n, [&](std::size_t i, auto part) { part.put(y + i, round_bf16_lanes(part.get(x + i))); });
}

inline void adam(const AdamStep& step, const float* gradient, std::size_t n, float* w, float* m, float* v) {
    const Lanes scale_of_gradient = broadcast(step.gradient_scale);
    const Lanes keep1 = broadcast(step.beta1);
    const Lanes take1 = broadcast(1.0F - step.beta1);
    const Lanes keep2 = broadcast(step.beta2);
    const Lanes take2 = broadcast(1.0F - step.beta2);
    const Lanes correction1 = broadcast(step.bias_correction1);
    const Lanes correction2 = broadcast(step.bias_correction2);
    const Lanes rate = broadcast(step.learning_rate);
    const Lanes decay = broadcast(step.learning_rate * step.weight_decay);
    const Lanes epsilon = broadcast(step.epsilon);
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes g = mul(part.get(gradient + i), scale_of_gradient);
        const Lanes first = fma(keep1, part.get(m + i), mul(take1, g));
        const Lanes second = fma(keep2, part.get(v + i), mul(mul(take2, g), g));
        const Lanes size = add(sqrt(mul(second, correction2)), epsilon);
        const Lanes move = div(mul(rate, mul(first, correction1)), size);
        const Lanes weight = part.get(w + i);
        part.put(w + i, sub(sub(weight, mul(decay, weight)), move));
        part.put(m + i, first);
        part.put(v + i, second);
    });
}
