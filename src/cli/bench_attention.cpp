#include <algorithm>
#include <memory>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::cli {

using namespace kernels;

namespace {

/// Queries of one piece of work, as in training.
constexpr std::size_t kQueries = 256;
constexpr std::size_t kHeads = 4;
constexpr std::size_t kSequences =
    4;  // 16 pieces of work and more: an even share for every thread of a small machine

// Causal attention over sequences of T positions, every head with keys and values of its own, full window:
// the vanilla network's. Split over the threads as training does.
class Attention {
   public:
    Attention(std::size_t head_width, std::size_t positions)
        : shape_{.heads = kHeads,
                 .kv_heads = kHeads,
                 .head_width = head_width,
                 .window = positions,
                 .subtract_maximum = true},
          positions_(positions),
          row_(kHeads * head_width),
          q_(random_floats(kSequences * positions * row_)),
          k_(random_floats(q_.size())),
          v_(random_floats(q_.size())),
          dout_(random_floats(q_.size())),
          out_(q_.size()),
          dq_(q_.size()),
          dk_(q_.size()),
          dv_(q_.size()),
          maximum_(kSequences * positions * kHeads),
          inverse_(maximum_.size()) {
        scratch_.resize(thread_count());
        for (Floats& scratch : scratch_) {
            scratch.resize(kernel_table().attention_scratch(shape_, positions, 0));
        }
    }

    void forward() {
        const std::size_t parts = (positions_ + kQueries - 1) / kQueries;
        parallel_for(kSequences * kHeads * parts, [&](std::size_t task, std::size_t worker) {
            const std::size_t token = task / (kHeads * parts) * positions_;
            const std::size_t first = task % parts * kQueries;
            kernel_table().attention_forward(shape_, block(token), task / parts % kHeads, first,
                                             std::min(positions_, first + kQueries),
                                             {{out_.data() + token * row_, row_},
                                              maximum_.data() + token * kHeads,
                                              inverse_.data() + token * kHeads},
                                             scratch_[worker].data());
        });
    }

    void backward() {
        parallel_for(kSequences * kHeads, [&](std::size_t task, std::size_t worker) {
            const std::size_t token = task / kHeads * positions_;
            const std::size_t at = token * row_;
            kernel_table().attention_backward(
                shape_, block(token), task % kHeads,
                {{out_.data() + at, row_},
                 maximum_.data() + token * kHeads,
                 inverse_.data() + token * kHeads},
                {dout_.data() + at, row_},
                {{dq_.data() + at, row_}, {dk_.data() + at, row_}, {dv_.data() + at, row_}},
                scratch_[worker].data());
        });
    }

   private:
    [[nodiscard]] AttentionBlock block(std::size_t token) const {
        const std::size_t at = token * row_;
        return {.q = q_.data() + at,
                .ldq = row_,
                .k = k_.data() + at,
                .ldk = row_,
                .v = v_.data() + at,
                .ldv = row_,
                .queries = positions_,
                .past = 0};
    }

    AttentionShape shape_;
    std::size_t positions_;
    std::size_t row_;            // H D
    Floats q_, k_, v_, dout_;    // [sequences, T, H, D]
    Floats out_, dq_, dk_, dv_;  // [sequences, T, H, D]
    Floats maximum_, inverse_;   // [sequences, T, H]
    std::vector<Floats> scratch_;
};

BenchCase attention_case(std::size_t head_width, std::size_t positions, bool backward) {
    const auto t = static_cast<double>(positions);
    const double forward_flops =
        4.0 * static_cast<double>(kSequences * kHeads * head_width) * (t * (t + 1) / 2);
    return {.name = text_of("attention ", backward ? "forward and backward" : "forward", ", head width ",
                            head_width, ", context ", positions),
            .flops = forward_flops * (backward ? 3 : 1),
            .bytes = 0,
            .prepare = [=]() -> std::function<void()> {
                const auto work = std::make_shared<Attention>(head_width, positions);
                return [=] {
                    work->forward();
                    if (backward) {
                        work->backward();
                    }
                };
            }};
}

}  // namespace

void add_attention_cases(std::vector<BenchCase>& cases, bool quick) {
    for (const std::size_t head_width : {16, 32, 64}) {
        for (const bool backward : {false, true}) {
            cases.push_back(attention_case(head_width, quick ? 512 : 2048, backward));
        }
    }
}

}  // namespace bitlaw::cli
