// Sixteen virtual lanes as a plain array: portable C++. Included once, inside the file's own anonymous
// namespace.

struct Lanes {
    float lane[16];
};

/// Register tile of the products: 4 x 16 floats are 16 of the 32 four-float registers of ARM.
constexpr std::size_t kTileRows = 4;
constexpr std::size_t kTileVectors = 1;
constexpr std::size_t kTileVectorsOfRows[] = {2, 1, 1};

template <class Function>
inline Lanes each_lane(Function function) {
    Lanes result;
    for (std::size_t i = 0; i < 16; ++i) {
        result.lane[i] = function(i);
    }
    return result;
}
inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
inline float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

inline Lanes broadcast(float x) {
    return each_lane([=](std::size_t) { return x; });
}
inline Lanes zero() { return broadcast(0.0F); }
inline Lanes load(const float* p) {
    return each_lane([=](std::size_t i) { return p[i]; });
}
inline void store(float* p, const Lanes& x) {
    for (std::size_t i = 0; i < 16; ++i) {
        p[i] = x.lane[i];
    }
}
/// Loads the first `count` < 16 floats, zero beyond; touches no other memory.
inline Lanes load_partial(const float* p, std::size_t count) {
    return each_lane([=](std::size_t i) { return i < count ? p[i] : 0.0F; });
}
inline void store_partial(float* p, const Lanes& x, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        p[i] = x.lane[i];
    }
}
inline Lanes add(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] + b.lane[i]; });
}
inline Lanes sub(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] - b.lane[i]; });
}
inline Lanes mul(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] * b.lane[i]; });
}
inline Lanes div(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] / b.lane[i]; });
}
inline Lanes sqrt(const Lanes& a) {
    return each_lane([&](std::size_t i) { return __builtin_sqrtf(a.lane[i]); });
}
/// a * b + c, rounded once.
inline Lanes fma(const Lanes& a, const Lanes& b, const Lanes& c) {
    return each_lane([&](std::size_t i) { return __builtin_fmaf(a.lane[i], b.lane[i], c.lane[i]); });
}
/// a > b ? a : b (so b where either is NaN).
inline Lanes max(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline Lanes min(const Lanes& a, const Lanes& b) {
    return each_lane([&](std::size_t i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}
/// Lanes begin .. end-1 of x, those of `other` elsewhere.
inline Lanes select_lanes(const Lanes& x, const Lanes& other, std::size_t begin, std::size_t end) {
    return each_lane([&](std::size_t i) { return i >= begin && i < end ? x.lane[i] : other.lane[i]; });
}
/// Lanes begin .. end-1 of x, zero elsewhere; 0 <= begin <= end <= 16.
inline Lanes keep_lanes(const Lanes& x, std::size_t begin, std::size_t end) {
    return select_lanes(x, zero(), begin, end);
}
/// x * 2^n for integral n (as a float) with |n| <= 126 and results in the normal range: adds n to the
/// exponent field.
inline Lanes shift_exponent(const Lanes& x, const Lanes& n) {
    return each_lane([&](std::size_t i) {
        const auto exponent = static_cast<std::uint32_t>(static_cast<std::int32_t>(n.lane[i])) << 23;
        return float_of(bits_of(x.lane[i]) + exponent);
    });
}
/// Rounds to bfloat16 (nearest even); NaN becomes the quiet NaN 0x7FC00000.
inline Lanes round_bf16_lanes(const Lanes& x) {
    return each_lane([&](std::size_t i) {
        const std::uint32_t bits = bits_of(x.lane[i]);
        const bool is_nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
        return float_of(is_nan ? 0x7FC00000U : (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U);
    });
}
/// Stores 1 + truncated x as 32-bit integers; 0 <= x < 2^31. `count` <= 16 lanes.
inline void store_integers_plus_one(std::uint32_t* p, const Lanes& x, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        p[i] = 1U + static_cast<std::uint32_t>(static_cast<std::int32_t>(x.lane[i]));
    }
}
/// The halving tree: l[i] + l[i+8], then +4, +2, +1.
inline float halving_sum(Lanes x) {
    for (std::size_t half = 8; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i) {
            x.lane[i] = x.lane[i] + x.lane[i + half];
        }
    }
    return x.lane[0];
}
/// The same tree with max(l[i], l[i+8]) and so on.
inline float halving_max(Lanes x) {
    for (std::size_t half = 8; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i) {
            x.lane[i] = x.lane[i] > x.lane[i + half] ? x.lane[i] : x.lane[i + half];
        }
    }
    return x.lane[0];
}
/// Transposes 16 x 16 floats in place: row i of the result holds lane i of every input row.
inline void transpose_lanes(Lanes (&x)[16]) {
    for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const float upper = x[j].lane[i];
            x[j].lane[i] = x[i].lane[j];
            x[i].lane[j] = upper;
        }
    }
}

/// Shape of a decoding step's tiles: query heads that share a load of a key or value, and chains side by
/// side, so many that none waits for its own last step.
constexpr std::size_t kStepHeads = 2;
constexpr std::size_t kStepChains = 4;
