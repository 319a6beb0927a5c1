// Prints the hashes that exactness class A promises: of checkpoints trained from nothing, of archives made
// with them.
//
// usage: bitlaw_signature THREADS
//        bitlaw_signature isas    the instruction sets of this build and processor

#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/train/trainer.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::train;
using namespace bitlaw::coding;
using namespace bitlaw::predict;

// Text of words with unequal frequencies: there is something to learn, and no file has to be shipped.
Bytes sample(std::size_t size) {
    constexpr std::string_view kWords[] = {"the ", "of ",    "and ",   "bits ",    "a ",     "model ",
                                           "in ",  "costs ", "bytes ", "counted ", "exact ", ".\n"};
    Random random(2026);
    Bytes text;
    while (text.size() < size) {
        const std::string_view word = kWords[random.below(1 + random.below(std::size(kWords)))];
        text.insert(text.end(), word.begin(), word.end());
    }
    text.resize(size);
    return text;
}

struct Run {
    const char* name;
    Architecture architecture;
    Arithmetic arithmetic;
    CachePrecision cache;
    std::uint64_t steps;
    std::uint64_t batch_tokens;
};

// The tree has batches of two leaves; the others have one, and 20 steps.
constexpr Run kRuns[] = {
    {"modern", Architecture::modern, Arithmetic::fp32, CachePrecision::bf16, 20, 512},
    {"vanilla", Architecture::vanilla, Arithmetic::fp32, CachePrecision::fp32, 20, 512},
    {"modern-tree", Architecture::modern, Arithmetic::fp32, CachePrecision::fp32, 2, 8192},
    {"modern-bf16", Architecture::modern, Arithmetic::bf16, CachePrecision::bf16, 20, 512},
};

ModelConfig tiny_config(const Run& run) {
    const Architecture architecture = run.architecture;
    ModelConfig config;
    config.architecture = architecture;
    config.arithmetic = run.arithmetic;
    config.cache = run.cache;
    config.width = 32;
    config.layers = 2;
    config.heads = 2;
    config.kv_heads = architecture == Architecture::modern ? 1 : 2;
    config.head_width = 16;
    config.hidden = 80;  // five vectors of 16: a full tile and a rest
    config.context = 128;
    config.window = architecture == Architecture::modern ? 48 : 128;
    return config;
}

void print_hash(const char* what, const char* name, ByteSpan bytes) {
    std::printf("%s %s %s\n", what, name, hex64(hash64(bytes)).c_str());
}

void sign(const Run& run, const std::filesystem::path& folder, ByteSpan plain) {
    TrainOptions options;
    options.learning_rate = 4e-3;  // the defaults may be tuned without a change of arithmetic
    options.data = {(folder / "sample").string()};
    options.out = folder / run.name;
    options.preset = run.name;
    options.config = tiny_config(run);
    if (options.config.architecture == Architecture::modern) {
        options.matrix_learning_rate = 0.02;
    }
    options.tokens = run.steps * run.batch_tokens;
    options.batch_tokens = run.batch_tokens;
    const std::atomic<bool> stop{false};
    const TrainResult result = train::train(
        options, [](const StepReport&) {}, stop);
    StoredModel model = load_model(result.model_file);
    model.record.content.clear();  // a sample of the data: no part of what was trained
    print_hash("checkpoint", run.name, encode_model(model.model, model.format, &model.record));
    CompressOptions coding;
    coding.block_bytes = 15'000;  // two blocks, the second shorter
    coding.streams = 3;
    coding.embed_model = true;
    Bytes archive;
    compress(model, coding, source_of(plain), sink_to(archive));
    print_hash("archive", run.name, archive);

    Bytes restored;
    const ModelFinder none = [](std::uint64_t) -> const StoredModel& {
        fail("the archive embeds its model");
    };
    decompress(none, source_of(archive), sink_to(restored), {});
    if (hash64(restored) != hash64(plain) || restored.size() != plain.size()) {
        fail("the archive ", run.name, " restores to other bytes");
    }
}

// Archives that learn from nothing: steps of the recipe on both sides.
void sign_learning(const char* name, LearningRecipe recipe, const Run& run, ByteSpan plain) {
    const ModelConfig config = tiny_config(run);
    CompressOptions coding;
    coding.block_bytes = 17'000;  // two streams, then a block that goes on with what was learned
    coding.method = kLearning;
    coding.stack = learning_stack(recipe, config, 11);
    Bytes archive;
    compress(nullptr, coding, source_of(plain), sink_to(archive));
    print_hash("learned", name, archive);
    const ModelFinder none = [](std::uint64_t) -> const StoredModel& { fail("nothing names a model"); };
    Bytes restored;
    decompress(none, source_of(archive), sink_to(restored), {});
    if (hash64(restored) != hash64(plain) || restored.size() != plain.size()) {
        fail("the archive ", name, " restores to other bytes");
    }
}

void print_isas() {
    for (const Isa isa : available_isas()) {
        std::printf("%s\n", isa_name(isa));
    }
}

}  // namespace

int main(int count, char** arguments) try {
    const std::string argument = count == 2 ? arguments[1] : "";
    if (argument == "isas") {
        print_isas();
        return 0;
    }
    set_thread_count(std::stoul(argument));
    const test::TemporaryFolder folder;
    const Bytes plain = sample(20'000);
    write_file(folder / "sample", plain);
    for (const Run& run : kRuns) {
        sign(run, folder.path(), plain);
    }
    LearningRecipe recipe{
        .streams = 3, .segment = 256, .window = 128, .replay = 1, .rate = 4e-3, .warm = 4, .fall = 50};
    sign_learning("adamw", recipe, kRuns[0], plain);
    sign_learning("adamw-bf16", recipe, kRuns[3], plain);
    recipe.optimizer = LearningOptimizer::muon;
    recipe.muon_ratio = 5;
    sign_learning("muon", recipe, kRuns[0], plain);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "bitlaw_signature: %s\n", error.what());
    return 1;
}
