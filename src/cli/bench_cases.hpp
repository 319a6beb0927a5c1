#pragma once
/// \file What `bitlaw bench` measures.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/config.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/symbol.hpp"
#include "bitlaw/train/ranks.hpp"

namespace bitlaw::cli {

/// One kind of work. Its operations are the useful ones: nothing that is recomputed or masked counts.
struct BenchCase {
    std::string name;
    double flops = 0;  ///< of one run
    double bytes = 0;  ///< trained on, scored or stepped in one run; 0 where that means nothing
    std::function<std::function<void()>()> prepare =
        {};                               ///< makes the operands, and returns one run over them
    std::vector<std::string> parts = {};  ///< of an ideal instead: cases whose times for a byte add up
};

/// Fused multiply-adds of fp32 in registers on so many threads: the machine's limit, which bf16 products can
/// exceed.
[[nodiscard]] BenchCase peak_case(std::size_t threads);
/// Everything else, on the threads in force; `quick` makes them fewer and smaller.
[[nodiscard]] std::vector<BenchCase> bench_cases(bool quick);

// Parts of bench_cases().
void add_product_cases(std::vector<BenchCase>& cases, bool quick);
void add_attention_cases(std::vector<BenchCase>& cases, bool quick);
void add_learning_cases(std::vector<BenchCase>& cases, bool quick);

/// A network to be measured, made when it is needed.
struct BenchNetwork {
    std::string name;
    model::ModelConfig config;
    std::function<model::Model()> make = {};
};
/// Random weights in the shape of SmolLM-135M, a network of the Llama family.
[[nodiscard]] BenchNetwork large_network();
/// One that is too large for any cache: this machine's memory, its products alone, stepping beside what
/// reading its weights once a symbol allows, and scoring.
void add_large_cases(std::vector<BenchCase>& cases, const BenchNetwork& network);

/// As the encoder does: one stream a thread, from an empty context, with the table and the code of every
/// symbol.
[[nodiscard]] BenchCase score_case(const BenchNetwork& network, std::size_t positions);
[[nodiscard]] BenchCase stepper_case(const BenchNetwork& network, std::size_t streams, std::size_t positions);

/// A whole step of training: gradients, their sum, clipping, AdamW, packing.
[[nodiscard]] BenchCase step_case(const std::string& preset, model::Arithmetic arithmetic,
                                  std::uint32_t context);
/// As the decoder does: streams dealt to the threads, one position of all at a time, from an empty context,
/// with the table of every symbol, which is decoded from random bytes.
[[nodiscard]] BenchCase stepper_case(const std::string& preset, model::Arithmetic arithmetic,
                                     std::uint32_t context, std::size_t streams, std::size_t positions);

/// Prints what a step of 16 and of 64 leaves takes, and what share of it is communication; called by all
/// ranks, printed by the first. The median of the runs.
void bench_ranks(const BenchArguments& arguments, train::Ranks& ranks);

/// Both precisions, in the order of the rows.
inline constexpr std::array kBoth = {model::Arithmetic::fp32, model::Arithmetic::bf16};
/// What stands behind a row's name when it is not fp32.
[[nodiscard]] std::string suffix(model::Arithmetic arithmetic);
/// Bytes as symbols, always the same.
[[nodiscard]] std::vector<symbols::Symbol> random_symbols(std::size_t count);
[[nodiscard]] Bytes random_bytes(std::size_t count);
/// Numbers in -0.5 .. 0.5, always the same.
[[nodiscard]] Floats random_floats(std::size_t count);

}  // namespace bitlaw::cli
