#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain_attention.hpp"
#include "support/attention_sequence.hpp"
#include "support/guarded_floats.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::test;

namespace {

constexpr std::size_t kLengths[] = {1, 2, 15, 16, 17, 31, 32, 33, 47, 64, 67, 101};

Results plain_results(const Sequence& s) {
    Results r(s);
    plain::attention_forward(s.shape, s.plain_block(),
                             {{r.out.data(), s.ld}, r.maximum.data(), r.inverse.data()});
    plain::attention_backward(
        s.shape, s.plain_block(), {{r.out.data(), s.ld}, r.maximum.data(), r.inverse.data()},
        {s.dout.data(), s.ld}, {{r.dq.data(), s.ld}, {r.dk.data(), s.kv_ld}, {r.dv.data(), s.kv_ld}});
    return r;
}

bool holds_bits(GuardedFloats& fast, const std::vector<float>& expected) {
    return fast.unharmed() && fast.size() == expected.size() &&
           same_bits(fast.data(), expected.data(), expected.size());
}

GuardedFloats& filled(GuardedFloats& to, const std::vector<float>& from) {
    std::copy(from.begin(), from.end(), to.data());
    return to;
}

/// Everything by the kernels in guarded memory against the expected bits.
void check_kernels(const Sequence& s, const Results& expected) {
    const Kernels& kernel = kernel_table();
    GuardedFloats q(s.q.size()), k(s.k.size()), v(s.v.size()), dout(s.dout.size());
    GuardedFloats out(s.q.size()), dq(s.q.size()), dk(s.k.size()), dv(s.k.size());
    GuardedFloats maximum(expected.maximum.size()), inverse(expected.inverse.size());
    GuardedFloats scratch(kernel.attention_scratch(s.shape, s.length, 0));
    const AttentionBlock block{filled(q, s.q).data(),
                               s.ld,
                               filled(k, s.k).data(),
                               s.kv_ld,
                               filled(v, s.v).data(),
                               s.kv_ld,
                               s.length,
                               0};
    filled(dout, s.dout);
    for (std::size_t head = 0; head < s.shape.kv_heads; ++head) {
        kernel.attention_forward(s.shape, block, head, 0, s.length,
                                 {{out.data(), s.ld}, maximum.data(), inverse.data()}, scratch.data());
        kernel.attention_backward(
            s.shape, block, head, {{out.data(), s.ld}, maximum.data(), inverse.data()}, {dout.data(), s.ld},
            {{dq.data(), s.ld}, {dk.data(), s.kv_ld}, {dv.data(), s.kv_ld}}, scratch.data());
    }
    CHECK(holds_bits(out, expected.out));
    CHECK(holds_bits(maximum, expected.maximum));
    CHECK(holds_bits(inverse, expected.inverse));
    CHECK(holds_bits(dq, expected.dq));
    CHECK(holds_bits(dk, expected.dk));
    CHECK(holds_bits(dv, expected.dv));
    CHECK(scratch.unharmed());
}

std::vector<double> widen(const std::vector<float>& x) { return {x.begin(), x.end()}; }

}  // namespace

TEST_CASE("attention: every instruction set gives the plain version's bits") {
    std::size_t turn = 0;
    for (const std::size_t length : kLengths) {
        for (const std::size_t window : {std::size_t{1}, std::size_t{2}, std::size_t{15}, std::size_t{16},
                                         std::size_t{17}, std::size_t{31}, length, length + 9}) {
            const Heads& heads = kHeads[turn % std::size(kHeads)];
            const bool subtract = turn % 3 != 0;
            ++turn;
            CAPTURE(length);
            CAPTURE(window);
            CAPTURE(heads.heads);
            CAPTURE(heads.kv_heads);
            CAPTURE(heads.head_width);
            CAPTURE(subtract);
            const Sequence s({heads.heads, heads.kv_heads, heads.head_width, window, subtract}, length, turn);
            const Results expected = plain_results(s);
            for (const Isa isa : available_isas()) {
                CAPTURE(std::string(isa_name(isa)));
                const IsaScope scope(isa);
                check_kernels(s, expected);
            }
        }
    }
}

TEST_CASE("attention: more keys than one block of the backward pass, and wide heads") {
    // Blocks hold 24576 / D keys: 192 for D = 128. With a window of 34 their last key is seen by the first
    // query of a tile.
    for (const std::size_t window : {std::size_t{34}, std::size_t{230}, std::size_t{500}}) {
        CAPTURE(window);
        const Sequence s({2, 1, 128, window, window == 34}, 419, window);
        const Results expected = plain_results(s);
        for (const Isa isa : available_isas()) {
            if (isa != Isa::scalar || window == 230) {
                const IsaScope scope(isa);
                check_kernels(s, expected);
            }
        }
    }
}

TEST_CASE("attention: a longer past, fewer queries a call and dropped rows change no bit") {
    for (const Isa isa : available_isas()) {
        CAPTURE(std::string(isa_name(isa)));
        const IsaScope scope(isa);
        for (const std::size_t window :
             {std::size_t{1}, std::size_t{17}, std::size_t{40}, std::size_t{200}}) {
            const Sequence s({4, 2, 32, window, window != 17}, 83, window);
            CAPTURE(window);
            Results whole(s);
            block_forward(s, 0, s.length, whole);
            for (const std::size_t past : {0, 1, 15, 16, 17, 32, 50, 82}) {
                CAPTURE(past);
                for (const std::size_t step : {std::size_t{16}, std::size_t{48}, s.length}) {
                    Results split(s);
                    block_forward(s, past, step, split);
                    const std::size_t from = past * s.ld;
                    CHECK(same_bits(split.out.data() + from, whole.out.data() + from, s.q.size() - from));
                    CHECK(same_bits(split.maximum.data() + past * 4, whole.maximum.data() + past * 4,
                                    (s.length - past) * 4));
                    CHECK(same_bits(split.inverse.data() + past * 4, whole.inverse.data() + past * 4,
                                    (s.length - past) * 4));
                }
            }
            // Without the first 32 rows the same keys begin at key position 32.
            if (window <= 17) {
                Sequence tail = s;
                tail.length -= 32;
                tail.q.erase(tail.q.begin(), tail.q.begin() + static_cast<std::ptrdiff_t>(32 * s.ld));
                tail.k.erase(tail.k.begin(), tail.k.begin() + static_cast<std::ptrdiff_t>(32 * s.kv_ld));
                tail.v.erase(tail.v.begin(), tail.v.begin() + static_cast<std::ptrdiff_t>(32 * s.kv_ld));
                Results late(tail);
                block_forward(tail, 18, 16, late);
                CHECK(same_bits(late.out.data() + 18 * s.ld, whole.out.data() + 50 * s.ld,
                                s.q.size() - 50 * s.ld));
            }
        }
    }
}

TEST_CASE("attention agrees with double precision within rounding") {
    constexpr double kEps = 0x1p-24;  // half a unit in the last place of 1
    constexpr double kLn2 = 0.6931471805599453;
    for (const bool subtract : {true, false}) {
        for (const std::size_t window : {std::size_t{23}, std::size_t{90}}) {
            CAPTURE(subtract);
            CAPTURE(window);
            const AttentionShape shape{2, 1, 32, window, subtract};
            const std::size_t d = shape.head_width;
            const Sequence s(shape, 90, window);
            Results fast(s);
            block_forward(s, 0, s.length, fast);
            std::vector<float> scratch(kernel_table().attention_scratch(shape, s.length, 0));
            kernel_table().attention_backward(
                shape, {s.q.data(), s.ld, s.k.data(), s.kv_ld, s.v.data(), s.kv_ld, s.length, 0}, 0,
                {{fast.out.data(), s.ld}, fast.maximum.data(), fast.inverse.data()}, {s.dout.data(), s.ld},
                {{fast.dq.data(), s.ld}, {fast.dk.data(), s.kv_ld}, {fast.dv.data(), s.kv_ld}},
                scratch.data());
            const auto q = widen(s.q), k = widen(s.k), v = widen(s.v), g = widen(s.dout);
            const plain::Block<double> block{q.data(), s.ld,    k.data(), s.kv_ld,
                                             v.data(), s.kv_ld, s.length, 0};
            std::vector<double> out(q.size()), dq(q.size()), dk(k.size()), dv(k.size());
            std::vector<double> maximum(fast.maximum.size()), inverse(maximum);
            plain::attention_forward(shape, block, {{out.data(), s.ld}, maximum.data(), inverse.data()});
            plain::attention_backward(shape, block, {{out.data(), s.ld}, maximum.data(), inverse.data()},
                                      {g.data(), s.ld},
                                      {{dq.data(), s.ld}, {dk.data(), s.kv_ld}, {dv.data(), s.kv_ld}});

            // First-order bounds. A chain of n errs by n eps times the sum of its terms' sizes.
            const double chain = static_cast<double>(d) * kEps;
            const double long_chain = static_cast<double>(s.length + 4) * kEps;
            std::vector<double> dq_bound(q.size()), dk_bound(k.size()), dv_bound(k.size());
            const auto sizes = [&](const double* a, const double* b) {
                double sum = 0;
                for (std::size_t i = 0; i < d; ++i) {
                    sum += std::abs(a[i] * b[i]);
                }
                return sum;
            };
            for (std::size_t query = 0; query < s.length; ++query) {
                for (std::size_t head = 0; head < shape.heads; ++head) {
                    const std::size_t row = query * s.ld + head * d;
                    const std::size_t first = plain::first_key(shape, query);
                    double score_size = 0;
                    for (std::size_t j = first; j <= query; ++j) {
                        score_size = std::max(score_size, sizes(&q[row], &k[j * s.kv_ld]));
                    }
                    // Scores and maximum err by the chain, their difference by one rounding of at most twice
                    // the size; 2^x errs by ln 2 times that and 2^-22; l by the same and its additions. P_j
                    // is p_j / l.
                    const double p_error =
                        2 * (kLn2 * (2 * chain + 2 * kEps) * score_size + 0x1p-22) + 12 * kEps;
                    std::vector<double> out_error(d);
                    double delta_error = 0;
                    std::vector<double> weights(s.length);
                    for (std::size_t j = first; j <= query; ++j) {
                        double score = 0;
                        for (std::size_t i = 0; i < d; ++i) {
                            score += q[row + i] * k[j * s.kv_ld + i];
                        }
                        const std::size_t number = query * shape.heads + head;
                        weights[j] = std::exp2(score - maximum[number]) * inverse[number];
                        for (std::size_t i = 0; i < d; ++i) {
                            out_error[i] +=
                                weights[j] * std::abs(v[j * s.kv_ld + i]) * (p_error + long_chain);
                        }
                    }
                    double delta = 0;
                    for (std::size_t i = 0; i < d; ++i) {
                        CHECK(std::abs(fast.out[row + i] - out[row + i]) <= out_error[i]);
                        delta_error += std::abs(g[row + i]) * (out_error[i] + chain * std::abs(out[row + i]));
                        delta += g[row + i] * out[row + i];
                    }
                    for (std::size_t j = first; j <= query; ++j) {
                        const double* const key = &k[j * s.kv_ld];
                        const double* const value = &v[j * s.kv_ld];
                        double dp = 0;
                        for (std::size_t i = 0; i < d; ++i) {
                            dp += g[row + i] * value[i];
                        }
                        const double ds = weights[j] * std::abs(dp - delta) * kLn2;
                        const double ds_error =
                            ds * (p_error + 4 * kEps) +
                            weights[j] * kLn2 * (delta_error + chain * sizes(&g[row], value));
                        for (std::size_t i = 0; i < d; ++i) {
                            const double error = ds_error + long_chain * 2 * ds;
                            dq_bound[row + i] += error * std::abs(key[i]);
                            dk_bound[j * s.kv_ld + i] += error * std::abs(q[row + i]);
                            dv_bound[j * s.kv_ld + i] +=
                                weights[j] * std::abs(g[row + i]) * (p_error + 2 * long_chain);
                        }
                    }
                }
            }
            for (std::size_t row = 0; row < s.length; ++row) {
                for (std::size_t i = 0; i < s.width; ++i) {
                    const std::size_t at = row * s.ld + i;
                    CHECK(std::abs(fast.dq[at] - dq[at]) <= dq_bound[at]);
                }
                for (std::size_t i = 0; i < s.kv_width; ++i) {
                    const std::size_t at = row * s.kv_ld + i;
                    CHECK(std::abs(fast.dk[at] - dk[at]) <= dk_bound[at]);
                    CHECK(std::abs(fast.dv[at] - dv[at]) <= dv_bound[at]);
                }
            }
        }
    }
}

TEST_CASE("attention_backward is the gradient of attention_forward") {
    for (const bool subtract : {true, false}) {
        for (const std::size_t window : {std::size_t{3}, std::size_t{9}}) {
            const AttentionShape shape{4, 2, 16, window, subtract};
            const std::size_t length = 7;
            const std::size_t width = shape.heads * shape.head_width;
            const std::size_t kv_width = shape.kv_heads * shape.head_width;
            Random random(window);
            const auto numbers = [&](std::size_t n) {
                std::vector<double> x(n);
                for (double& one : x) {
                    one = 0.5 * random.normal();
                }
                return x;
            };
            std::vector<double> q = numbers(length * width), k = numbers(length * kv_width),
                                v = numbers(k.size());
            const std::vector<double> weight = numbers(q.size());
            std::vector<double> out(q.size()), maximum(length * shape.heads), inverse(maximum);
            const plain::Block<double> block{q.data(), width,    k.data(), kv_width,
                                             v.data(), kv_width, length,   0};
            const auto loss = [&] {
                plain::attention_forward(shape, block, {{out.data(), width}, maximum.data(), inverse.data()});
                double sum = 0;
                for (std::size_t i = 0; i < out.size(); ++i) {
                    sum += weight[i] * out[i];
                }
                return sum;
            };
            loss();
            std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
            plain::attention_backward(shape, block, {{out.data(), width}, maximum.data(), inverse.data()},
                                      {weight.data(), width},
                                      {{dq.data(), width}, {dk.data(), kv_width}, {dv.data(), kv_width}});
            // Central differences with h = eps^(1/3): truncation h^2 and rounding eps / h are both 4e-11,
            // times sums of some tens and third derivatives of some tens.
            constexpr double kStep = 6e-6;
            const auto check = [&](std::vector<double>& x, const std::vector<double>& gradient) {
                for (std::size_t i = 0; i < x.size(); ++i) {
                    const double before = x[i];
                    x[i] = before + kStep;
                    const double above = loss();
                    x[i] = before - kStep;
                    const double below = loss();
                    x[i] = before;
                    CHECK(std::abs((above - below) / (2 * kStep) - gradient[i]) <=
                          1e-8 * (1 + std::abs(gradient[i])));
                }
            };
            check(q, dq);
            check(k, dk);
            check(v, dv);
        }
    }
}
