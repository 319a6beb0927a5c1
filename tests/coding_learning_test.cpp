#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "support/isa_scope.hpp"
#include "support/reseal.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::test;

namespace {

const ModelFinder kNoFile = [](std::uint64_t id) -> const StoredModel& {
    fail("model ", id, " was asked for");
};

LearningRecipe quick_recipe() {
    return {.streams = 3, .segment = 32, .window = 64, .replay = 1, .rate = 0.01, .warm = 4, .fall = 100};
}

CompressOptions learning_options(const LearningRecipe& recipe, std::uint64_t block_bytes) {
    CompressOptions options;
    options.block_bytes = block_bytes;
    options.method = kLearning;
    options.stack.source = NetworkSource::model;
    options.stack.recipe = {kLearningInTurn, encode_recipe(recipe)};
    return options;
}

CompressOptions fresh_options(const LearningRecipe& recipe, std::uint64_t block_bytes) {
    CompressOptions options = learning_options(recipe, block_bytes);
    options.stack.source = NetworkSource::seed;
    options.stack.spec = encode_spec(tiny_config(Architecture::modern));
    options.stack.seed = 5;
    return options;
}

// Words, and in the middle noise that no method makes smaller.
Bytes sample() {
    Bytes text;
    Random random(3);
    while (text.size() < 60'000) {
        const std::string word = std::string("bits of a model ").substr(0, 1 + random.below(15));
        text.insert(text.end(), word.begin(), word.end());
    }
    for (std::size_t i = 20'000; i < 40'000; ++i) {
        text[i] = static_cast<std::uint8_t>(random.below(256));
    }
    return text;
}

Bytes compressed(const StoredModel* model, const CompressOptions& options, const Bytes& plain,
                 CodecSummary* summary = nullptr) {
    Bytes archive;
    const CodecSummary all = compress(model, options, source_of(plain), sink_to(archive));
    if (summary != nullptr) {
        *summary = all;
    }
    return archive;
}

Bytes restored(const ModelFinder& find, const Bytes& archive) {
    Bytes plain;
    (void)decompress(find, source_of(archive), sink_to(plain), {});
    return plain;
}

template <class Work>
std::string failure_of(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

SeekableSource seekable(const Bytes& archive) {
    return {archive.size(), [&](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::size_t count = std::min<std::size_t>(buffer.size(), archive.size() - offset);
                std::copy_n(archive.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
                return count;
            }};
}

}  // namespace

TEST_CASE("a learned archive is the same on every machine and restores on any other") {
    const Bytes whole = sample();
    const Bytes plain(whole.begin() + 23'000, whole.begin() + 57'000);
    LearningRecipe recipe = quick_recipe();
    recipe.segment = recipe.window = 128;
    const CompressOptions options = fresh_options(recipe, 17'000);
    CodecSummary summary;
    const Bytes archive = compressed(nullptr, options, plain, &summary);
    // The noise is stored, and the chain goes on behind it.
    CHECK(summary.blocks_of(kStored) == 1);
    CHECK(summary.blocks_of(kLearning) == 1);
    CHECK(summary.streams == 2);
    CHECK(archive.size() < 17'000 + 10'000);
    const auto everywhere = [&](kernels::Isa isa, std::size_t count) {
        const IsaScope isa_scope(isa);
        const Threads threads(count);
        CHECK(hash64(compressed(nullptr, options, plain)) == hash64(archive));
        CHECK(restored(kNoFile, archive) == plain);
    };
    for (const kernels::Isa isa : kernels::available_isas()) {
        everywhere(isa, 2);
    }
    everywhere(kernels::available_isas().back(), 1);
    everywhere(kernels::available_isas().back(), 3);
}

TEST_CASE("samples of 16 bits are mixed as such beside a fresh network, in one stream only") {
    // A sound: sums of 16 steps, in samples whose lower byte comes first.
    Random random(7);
    Bytes sound;
    std::int32_t value = 0;
    std::int32_t slope = 0;
    while (sound.size() < 20'000) {
        slope += static_cast<std::int32_t>(random.below(33)) - 16 - slope / 8 - value / 256;
        value += slope;
        sound.push_back(static_cast<std::uint8_t>(value & 255));
        sound.push_back(static_cast<std::uint8_t>(value >> 8 & 255));
    }
    const auto mixed = [&](std::uint32_t streams) {
        LearningRecipe recipe = quick_recipe();
        recipe.streams = streams;
        CompressOptions options = fresh_options(recipe, sound.size());
        mix_with(options, {.set = ExpertSet::full, .bytes = sound.size(), .memory = kMinMixingMemory});
        options.fallback = Fallback::never;
        return compressed(nullptr, options, sound);
    };
    const Bytes one = mixed(1);
    const Bytes two = mixed(2);
    // Bytes on their own hide the high byte's neighbours: a seventh more bytes and above.
    CHECK(one.size() * 8 < two.size() * 7);
    CHECK(restored(kNoFile, one) == sound);
    CHECK(restored(kNoFile, two) == sound);
}

TEST_CASE("from a model: the archive names it, and the chain is replayed for a range") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 9);
    const ModelFinder find = [&](std::uint64_t) -> const StoredModel& { return model; };
    const Bytes plain = sample();
    const Bytes archive = compressed(&model, learning_options(quick_recipe(), 20'000), plain);
    CHECK(restored(find, archive) == plain);
    Bytes range;
    const CodecSummary summary =
        decompress_range(find, seekable(archive), 50'000, 50'010, sink_to(range), {});
    CHECK(range == Bytes(plain.begin() + 50'000, plain.begin() + 50'010));
    CHECK(summary.replayed_bytes == 40'000);
    const StoredModel other = noisy_model(tiny_config(Architecture::modern), 10);
    CHECK_THROWS_AS((void)restored([&](std::uint64_t) -> const StoredModel& { return other; }, archive),
                    Error);
    CHECK_THROWS_AS((void)compressed(nullptr, learning_options(quick_recipe(), 20'000), plain), UsageError);
}

TEST_CASE("a rate of 1e30 loses nothing") {
    LearningRecipe hostile = quick_recipe();
    hostile.rate = 1e30;
    const Bytes plain = sample();
    CompressOptions options = fresh_options(hostile, 20'000);
    CHECK(restored(kNoFile, compressed(nullptr, options, plain)) == plain);
    options.fallback = Fallback::best;
    CodecSummary summary;
    const Bytes archive = compressed(nullptr, options, plain, &summary);
    CHECK(summary.blocks_of(kSevenContexts) == 2);
    CHECK(restored(kNoFile, archive) == plain);
}

TEST_CASE("damaged and forged archives of learning are errors, never more") {
    const Bytes whole = sample();
    const Bytes plain(whole.begin(), whole.begin() + 800);
    const Bytes archive = compressed(nullptr, fresh_options(quick_recipe(), 20'000), plain);
    CHECK(restored(kNoFile, archive) == plain);
    for (std::size_t length = 0; length < archive.size(); length += 7) {
        CHECK_THROWS_AS((void)restored(kNoFile, Bytes(archive.begin(),
                                                      archive.begin() + static_cast<std::ptrdiff_t>(length))),
                        Error);
    }
    // Every byte of the header, with its checks made again: refused, or an archive that has the same bytes.
    std::size_t refused = 0;
    for (std::size_t place = 4; place < 190; ++place) {
        Bytes forged = archive;
        forged[place] = static_cast<std::uint8_t>(forged[place] ^ (place % 2 == 0 ? 0x01 : 0x80));
        try {
            if (restored(kNoFile, resealed_archive(forged)) != plain) {
                FAIL("other bytes were restored without an error");
            }
        } catch (const Error&) {
            ++refused;
        }
    }
    CHECK(refused > 100);
}

TEST_CASE("a forged recipe or spec allocates nothing") {
    const Bytes whole = sample();
    const Bytes plain(whole.begin(), whole.begin() + 2'000);
    const auto forged = [&](const auto& change) {
        CompressOptions options = fresh_options(quick_recipe(), 20'000);
        change(options.stack);
        return failure_of([&] { (void)compressed(nullptr, options, plain); });
    };
    LearningRecipe large = quick_recipe();
    large.segment = 4096;
    CHECK(forged([&](Stack& stack) { stack.recipe.settings = encode_recipe(large); }).find("4096") !=
          std::string::npos);
    CHECK(forged([&](Stack& stack) { stack.recipe.id = 77; }).find("77") != std::string::npos);
    ModelConfig config = tiny_config(Architecture::modern);
    config.width = 8192;
    config.hidden = 65536;
    config.layers = 1;
    CHECK(forged([&](Stack& stack) { stack.spec = encode_spec(config); }).find("parameters") !=
          std::string::npos);
    config.width = 1;
    config.layers = 256;
    CHECK(forged([&](Stack& stack) { stack.spec = encode_spec(config); }).find("MiB") != std::string::npos);
}
