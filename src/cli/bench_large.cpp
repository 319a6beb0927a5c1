// Networks that no cache holds: stepping one stream reads all weights once a symbol, so memory is its limit.

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "bench_cases.hpp"
#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/interop/foreign_llama.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;

namespace {

/// More than any cache has.
constexpr std::size_t kMemoryBytes = std::size_t{1} << 28;
/// Rows of the products, as scoring has them.
constexpr std::size_t kRows = 256;
constexpr std::size_t kStepped = 32;
constexpr std::size_t kScored = 512;

// Every thread reads its part at four places at once, since one alone does not fill the memory's queues.
BenchCase memory_case(std::string name, std::size_t threads) {
    constexpr std::size_t kPlaces = 4;
    constexpr std::size_t kPiece = 256;
    const std::size_t place = kMemoryBytes / sizeof(float) / threads / kPlaces / kPiece * kPiece;
    return {.name = std::move(name),
            .flops = 0,
            .bytes = static_cast<double>(place * kPlaces * threads * sizeof(float)),
            .prepare = [=]() -> std::function<void()> {
                const auto numbers = std::make_shared<Floats>(place * kPlaces * threads);
                return [=] {
                    parallel_for(threads, [&](std::size_t thread) {
                        const float* part = numbers->data() + thread * kPlaces * place;
                        float sum = 0;
                        for (std::size_t i = 0; i < place; i += kPiece) {
                            for (std::size_t j = 0; j < kPlaces; ++j) {
                                sum += kernel_table().sum_squares(part + j * place + i, kPiece);
                            }
                        }
                        if (sum != 0) {
                            fail("memory is damaged: zeros that were written add up to ", sum);
                        }
                    });
                };
            }};
}

// Numbers in the matrices that a symbol passes.
std::size_t matrix_numbers(const ModelConfig& config) {
    std::size_t numbers = std::size_t{config.width} * config.alphabet;  // the output's
    for (const std::vector<Tensor>& block : Layout(network_spec(config)).blocks) {
        for (const Tensor& tensor : block) {
            numbers += tensor.group == Group::matrix ? tensor.size() : 0;
        }
    }
    return numbers;
}

// All of them, once, over kRows rows on every thread.
BenchCase products_case(const BenchNetwork& network) {
    struct Work {
        explicit Work(const BenchNetwork& n) : model(n.make()), packed(model, PackFor::inference) {
            for (std::size_t block = 0; block < packed.blocks(); ++block) {
                const std::size_t tensors = model.layout.blocks[block].size();
                for (std::size_t i = 0; i < tensors; ++i) {
                    if (packed.block(block).forward[i].k > 0) {
                        matrices.push_back(packed.block(block).forward[i]);
                    }
                }
            }
            matrices.push_back(packed.output());
            for (const PackedMatrix& matrix : matrices) {
                inputs = std::max(inputs, matrix.k);
                outputs = std::max(outputs, matrix.n);
            }
            x = random_floats(kRows * inputs);
            y.assign(thread_count(), Floats(kRows * outputs));
        }
        Model model;
        PackedModel packed;
        std::vector<PackedMatrix> matrices;
        std::size_t inputs = 0;
        std::size_t outputs = 0;
        Floats x;               // [kRows, inputs]
        std::vector<Floats> y;  // of each thread [kRows, outputs]
    };
    const auto rows = static_cast<double>(kRows * thread_count());
    return {.name = text_of("products of ", network.name, suffix(network.config.arithmetic)),
            .flops = 2.0 * static_cast<double>(matrix_numbers(network.config)) * rows,
            .bytes = rows,
            .prepare = [=]() -> std::function<void()> {
                const auto work = std::make_shared<Work>(network);
                return [work] {
                    parallel_for(work->y.size(), [&](std::size_t thread) {
                        for (const PackedMatrix& matrix : work->matrices) {
                            multiply(matrix, {work->x.data(), work->inputs}, kRows, ChainStart::zero, nullptr,
                                     {work->y[thread].data(), work->outputs});
                        }
                    });
                };
            }};
}

}  // namespace

BenchNetwork large_network() {
    ModelConfig config = interop::llama_config(true, 1e-5);
    config.width = 576;
    config.hidden = 1536;
    config.layers = 30;
    config.heads = 9;
    config.kv_heads = 3;
    config.head_width = 64;
    config.alphabet = 49152;
    config.context = 2048;
    config.window = 2048;
    config.arithmetic = Arithmetic::bf16;
    config.cache = CachePrecision::bf16;
    return {.name = "llama-135m", .config = config, .make = [config] {
                Model model(config);
                // Cuts of one drawn sequence: to draw so many would take longer than to measure them.
                constexpr std::size_t kDrawn = (std::size_t{1} << 20) - 3;
                Random random(1);
                Floats drawn(kDrawn);
                for (float& value : drawn) {
                    value = static_cast<float>(random.normal()) / 24;  // sqrt(576)
                }
                for (std::size_t i = 0; i < model.weights.size(); ++i) {
                    model.weights[i] = drawn[i % kDrawn];
                }
                return model;
            }};
}

void add_large_cases(std::vector<BenchCase>& cases, const BenchNetwork& network) {
    const auto numbers = static_cast<double>(matrix_numbers(network.config));
    const double bytes = numbers * (network.config.arithmetic == Arithmetic::bf16 ? 2 : 4);
    const std::string memory = "large: memory, read by 1 thread";
    cases.push_back(memory_case(memory, 1));
    if (thread_count() > 1) {
        cases.push_back(
            memory_case(text_of("large: memory, read by ", thread_count(), " threads"), thread_count()));
    }
    // A byte's share of a symbol, whose time is that of reading a byte.
    cases.push_back({.name = text_of("large: ", network.name, ", ", std::llround(bytes / 1e6),
                                     " MB of weights read once a symbol, ideal"),
                     .flops = 2 * numbers / bytes,
                     .bytes = 1 / bytes,
                     .parts = {memory}});
    for (BenchCase item :
         {stepper_case(network, 1, kStepped), products_case(network), score_case(network, kScored)}) {
        item.name = "large: " + item.name;
        cases.push_back(std::move(item));
    }
}

}  // namespace bitlaw::cli
