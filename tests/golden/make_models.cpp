/// \file Writes the tiny models of tests/golden and bytes that each of them codes well: bitlaw_golden FOLDER.

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "bitlaw/base/file.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;

namespace {

void write_pair(const std::filesystem::path& folder, const std::string& name, const ModelConfig& config,
                Precision precision) {
    const StoredModel model = test::noisy_model(config, 6, precision);
    write_file(folder / (name + kModelSuffix), encode_model(model.model, precision, nullptr));
    write_file(folder / (name + ".plain"), test::likely_bytes(model, 600, 1));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: bitlaw_golden FOLDER\n";
        return 2;
    }
    try {
        const std::filesystem::path folder = argv[1];
        const ModelConfig vanilla = test::smallest_config(Architecture::vanilla, 64);
        const ModelConfig modern = test::smallest_config(Architecture::modern, 64);
        ModelConfig rounded = modern;
        rounded.arithmetic = Arithmetic::bf16;
        write_pair(folder, "vanilla-fp32", vanilla, Precision::fp32);
        write_pair(folder, "modern-bf16", rounded, Precision::bf16);
        write_pair(folder, "modern-int8", modern, Precision::int8);
        // Bytes above 1 are stored at once: for tests of much data.
        write_pair(folder, "two-symbols", test::smallest_config(Architecture::modern, 2), Precision::bf16);
    } catch (const std::exception& error) {
        std::cerr << "bitlaw_golden: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
