#pragma once
/// \file What `bitlaw bench` measures.

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::cli {

/// One kind of work. Its operations are the useful ones: nothing that is recomputed or masked counts.
struct BenchCase {
    std::string name;
    double flops = 0;  ///< of one run
    double bytes = 0;  ///< trained on, scored or stepped in one run; 0 where that means nothing
    std::function<std::function<void()>()> prepare;  ///< makes the operands, and returns one run over them
};

/// Fused multiply-adds of fp32 in registers on so many threads: the machine's limit, which bf16 products can
/// exceed.
[[nodiscard]] BenchCase peak_case(std::size_t threads);
/// Everything else, on the threads in force; `quick` makes them fewer and smaller.
[[nodiscard]] std::vector<BenchCase> bench_cases(bool quick);

// Parts of bench_cases().
void add_product_cases(std::vector<BenchCase>& cases, bool quick);
void add_attention_cases(std::vector<BenchCase>& cases, bool quick);

/// Both precisions, in the order of the rows.
inline constexpr std::array kBoth = {model::Arithmetic::fp32, model::Arithmetic::bf16};
/// What stands behind a row's name when it is not fp32.
[[nodiscard]] std::string suffix(model::Arithmetic arithmetic);
/// Numbers in -0.5 .. 0.5, always the same.
[[nodiscard]] Floats random_floats(std::size_t count);

}  // namespace bitlaw::cli
