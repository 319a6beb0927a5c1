/// \file Writes the tiny models of tests/golden and bytes that each of them codes well: bitlaw_golden FOLDER
/// STATE.

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::learn;
using namespace bitlaw::train;

namespace {

void write_pair(const std::filesystem::path& folder, const std::string& name, const ModelConfig& config,
                WeightFormatId format) {
    const StoredModel model = test::noisy_model(config, 6, format);
    write_file(folder / (name + kModelSuffix), encode_model(model.model, format, nullptr));
    write_file(folder / (name + ".plain"), test::likely_bytes(model, 600, 1));
}

// A training state, to begin fuzzing with.
void write_state(const std::filesystem::path& file) {
    const ModelConfig config = test::smallest_config(Architecture::modern, 2);
    const Model model = initial_model(config, 1);
    TrainingProgress progress;
    progress.config = config;
    progress.options = "seed=1\n";
    progress.training = {{"text", 1, 0, 1000}};
    progress.steps = 10;
    progress.step = 5;
    AdamMoments moments;
    moments.first.resize(model.weights.size());
    moments.second.resize(model.weights.size());
    save_state(file, progress, model.weights, moments);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: bitlaw_golden FOLDER STATE\n";
        return 2;
    }
    try {
        const std::filesystem::path folder = argv[1];
        const ModelConfig vanilla = test::smallest_config(Architecture::vanilla, 64);
        const ModelConfig modern = test::smallest_config(Architecture::modern, 64);
        ModelConfig rounded = modern;
        rounded.arithmetic = Arithmetic::bf16;
        write_pair(folder, "vanilla-fp32", vanilla, WeightFormatId::fp32);
        write_pair(folder, "modern-bf16", rounded, WeightFormatId::bf16);
        write_pair(folder, "modern-int8", modern, WeightFormatId::int8);
        write_pair(folder, "modern-quantised", modern, WeightFormatId::quantised);
        write_pair(folder, "modern-trellis", modern, WeightFormatId::trellis);
        ModelConfig gated = rounded;
        gated.architecture = Architecture{2};
        write_pair(folder, "gated-bf16", gated, WeightFormatId::bf16);
        // Bytes above 1 are stored at once: for tests of much data.
        write_pair(folder, "two-symbols", test::smallest_config(Architecture::modern, 2),
                   WeightFormatId::bf16);
        write_state(argv[2]);
    } catch (const std::exception& error) {
        std::cerr << "bitlaw_golden: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
