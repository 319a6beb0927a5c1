#pragma once
/// \file Tiny models, data and runs for the tests of training.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/train/trainer.hpp"

namespace bitlaw::test {

/// Width 16, context 32, MLP 32.
[[nodiscard]] inline model::ModelConfig tiny_config(model::Architecture architecture,
                                                    std::uint32_t layers = 1) {
    model::ModelConfig config;
    config.architecture = architecture;
    config.cache = architecture == model::Architecture::vanilla ? model::CachePrecision::fp32
                                                                : model::CachePrecision::bf16;
    config.width = 16;
    config.layers = layers;
    config.heads = 1;
    config.kv_heads = 1;
    config.head_width = 16;
    config.hidden = 32;
    config.context = 32;
    config.window = architecture == model::Architecture::vanilla ? 32 : 20;
    return config;
}

inline void write_text(const std::filesystem::path& path, const std::string& text) { write_file(path, text); }

/// Bytes that look like words: letters a to h and blanks drawn from a seed.
[[nodiscard]] inline std::string random_text(std::size_t size, std::uint64_t seed) {
    Random random(seed);
    std::string text(size, ' ');
    std::generate(text.begin(), text.end(), [&] { return "abcdefgh  "[random.below(10)]; });
    return text;
}

/// Options of a run of `steps` steps of `batch` sequences, with validation, in `out`.
[[nodiscard]] inline train::TrainOptions tiny_options(const std::filesystem::path& data,
                                                      const std::filesystem::path& out, std::uint64_t steps,
                                                      std::uint64_t batch = 4) {
    train::TrainOptions options;
    options.data = {data.string() + "@:6000"};
    options.validation = {data.string() + "@6000:"};
    options.out = out;
    options.preset = "tiny";
    options.config = tiny_config(model::Architecture::modern);
    options.batch_tokens = batch * options.config.context;
    options.tokens = steps * options.batch_tokens;
    options.validation_bytes = 512;
    return options;
}

/// Trains without looking on.
inline train::TrainResult train_quietly(const train::TrainOptions& options) {
    const std::atomic<bool> stop{false};
    return train::train(options, {}, stop);
}

[[nodiscard]] inline Bytes file_bytes(const std::filesystem::path& path) { return read_file(path, 1 << 26); }

/// Restores threads and instruction set when it goes out of scope.
class MachineScope {
   public:
    MachineScope() : threads_(thread_count()), isa_(kernels::chosen_isa()) {}
    ~MachineScope() {
        set_thread_count(threads_);
        kernels::choose_isa(isa_);
    }
    MachineScope(const MachineScope&) = delete;
    MachineScope& operator=(const MachineScope&) = delete;

   private:
    std::size_t threads_;
    kernels::Isa isa_;
};

}  // namespace bitlaw::test
