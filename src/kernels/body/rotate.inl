// Rotary positions with QK-norm, one head of one row at a time. Needs product.inl (load_some) before it.

/// The lane sum of x * y over n floats.
inline float head_product(const float* x, const float* y, std::size_t n) {
    Lanes sum = zero();
    for (std::size_t i = 0; i < n; i += 16) {
        sum = fma(load_some(x + i, n - i), load_some(y + i, n - i), sum);
    }
    return halving_sum(sum);
}

void rotate(OutRows x, std::size_t rows, const Rotation<float>& rotation, float* inverse) {
    const auto [heads, head_width, cosine, sine, normalise, factor] = rotation;  // copies stay in registers
    const std::size_t half = head_width / 2;
    const Lanes scale_by = broadcast(factor);
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t head = 0; head < heads; ++head) {
            float* const first = x[row] + head * head_width;
            float* const second = first + half;
            Lanes norm = broadcast(1.0F);
            if (normalise) {
                const float mean = head_product(first, first, head_width) / static_cast<float>(head_width);
                const float inverse_norm = 1.0F / __builtin_sqrtf(mean + 1e-6F);
                inverse[row * heads + head] = inverse_norm;
                norm = broadcast(inverse_norm);
            }
            for (std::size_t i = 0; i < half; i += 16) {
                const std::size_t count = half - i;
                const Lanes c = load_some(cosine + row * half + i, count);
                const Lanes s = load_some(sine + row * half + i, count);
                const Lanes x1 = mul(load_some(first + i, count), norm);
                const Lanes x2 = mul(load_some(second + i, count), norm);
                const Lanes y1 = fma(x1, c, sub(zero(), mul(x2, s)));
                const Lanes y2 = fma(x2, c, mul(x1, s));
                store_some(first + i, mul(y1, scale_by), count);
                store_some(second + i, mul(y2, scale_by), count);
            }
        }
    }
}

// With u = x * inverse and y = factor * R u: du = factor * R^T dy and dx = inverse * (du - u * (du . u) / D).
// As R is a rotation, du . u = dy . y and u = R^T y / factor, so dx = inverse * R^T (factor * dy - y * (dy .
// y) / (D * factor)).
void rotate_backward(OutRows dx, Rows y, std::size_t rows, const Rotation<float>& rotation,
                     const float* inverse) {
    const auto [heads, head_width, cosine, sine, normalise, factor] = rotation;  // copies stay in registers
    const std::size_t half = head_width / 2;
    const Lanes scale_by = broadcast(factor);
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t head = 0; head < heads; ++head) {
            float* const first = dx[row] + head * head_width;
            float* const second = first + half;
            const float* const y_first = normalise ? y[row] + head * head_width : nullptr;
            Lanes norm = broadcast(1.0F);
            Lanes share = zero();
            if (normalise) {
                const float mean = head_product(first, y_first, head_width) / static_cast<float>(head_width);
                share = broadcast(mean / factor);
                norm = broadcast(inverse[row * heads + head]);
            }
            for (std::size_t i = 0; i < half; i += 16) {
                const std::size_t count = half - i;
                const Lanes c = load_some(cosine + row * half + i, count);
                const Lanes s = load_some(sine + row * half + i, count);
                Lanes g1 = mul(load_some(first + i, count), scale_by);
                Lanes g2 = mul(load_some(second + i, count), scale_by);
                if (normalise) {
                    g1 = sub(g1, mul(load_some(y_first + i, count), share));
                    g2 = sub(g2, mul(load_some(y_first + half + i, count), share));
                }
                const Lanes u1 = fma(g1, c, mul(g2, s));
                const Lanes u2 = fma(g2, c, sub(zero(), mul(g1, s)));
                store_some(first + i, mul(u1, norm), count);
                store_some(second + i, mul(u2, norm), count);
            }
        }
    }
}
