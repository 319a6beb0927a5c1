#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "support/message.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"
#include "support/threads.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using namespace bitlaw::predict;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

const StoredModel& model_of(std::uint64_t) {
    static const StoredModel model = test::noisy_model(test::smallest_config(Architecture::modern, 256), 3);
    return model;
}

// Settings whose varints have five and four bytes: 2^30 bytes of tables, which the few bytes of the data do
// not need, and a history of 2^21.
constexpr MixingOptions kSettings{.set = ExpertSet::fast, .bytes = 1 << 21, .memory = kMaxMixingMemory};

Bytes archive_of(const StoredModel* model, const MixingOptions& mixing, ByteSpan plain) {
    CompressOptions options;
    options.stack.source = model == nullptr ? NetworkSource::none : NetworkSource::model;
    mix_with(options, mixing);
    Bytes archive;
    (void)compress(model, options, source_of(plain), sink_to(archive));
    return archive;
}

Bytes restored(const Bytes& archive) {
    Bytes plain;
    (void)decompress(model_of, source_of(archive), sink_to(plain), {});
    return plain;
}

// The archive with other settings of its mixer, of the same length, and right checks.
Bytes forged(const Bytes& archive, const Bytes& settings, std::size_t place, std::uint8_t value) {
    Bytes changed = archive;
    const auto at = std::search(changed.begin(), changed.end(), settings.begin(), settings.end());
    REQUIRE(at != changed.end());
    at[static_cast<std::ptrdiff_t>(place)] = value;
    return test::resealed_archive(changed);
}

}  // namespace

TEST_CASE("hostile mixture: memory and history out of their bounds are refused before they are allocated") {
    const test::Threads threads(1);
    const Bytes plain(300, 'a');
    MixingOptions small = kSettings;
    small.memory = kMinMixingMemory;
    for (const MixingOptions& mixing : {kSettings, small}) {
        const Bytes settings = encode_mixing(mixing);
        const bool is_large = mixing.memory == kMaxMixingMemory;
        REQUIRE(settings.size() == (is_large ? 10 : 8));
        const Bytes archive = archive_of(nullptr, mixing, plain);
        const test::PeakMemory memory;
        // The settings end in the varint of the memory: 2^30 becomes 15 x 2^28, or 2^20 becomes 2^14.
        const std::string too_much = message_of<Error>(
            [&] { (void)restored(forged(archive, settings, settings.size() - 1, is_large ? 0x0F : 0x01)); });
        CHECK(holds(too_much, "the memory of context mixing must be"));
        // Of the history: 2^21 becomes 127 x 2^21.
        const std::string too_long =
            message_of<Error>([&] { (void)restored(forged(archive, settings, 4, 0x7F)); });
        CHECK(holds(too_long, "the history of context mixing must be"));
        CHECK(memory.growth() < (std::uint64_t{64} << 20));
    }
}

TEST_CASE("hostile mixture: every changed byte of the header is an Error or gives the same bytes") {
    const test::Threads threads(1);
    const MixingOptions mixing{.set = ExpertSet::full, .bytes = 300, .memory = kMinMixingMemory};
    const Bytes text(300, 'b');
    const Bytes archive = archive_of(&model_of(0), mixing, text);
    CHECK(restored(archive) == text);
    std::size_t refused = 0;
    for (std::size_t place = 4; place + 40 < archive.size(); ++place) {
        for (const int flip : {0x01, 0x10, 0x80}) {
            Bytes changed = archive;
            changed[place] = static_cast<std::uint8_t>(changed[place] ^ flip);
            try {
                const Bytes plain = restored(test::resealed_archive(changed));
                CHECK(plain == text);
            } catch (const Error&) {
                ++refused;
            }
        }
    }
    CHECK(refused > 20);
}

TEST_CASE("mixture: the block without the network, tried for its size, hears a stop") {
    const test::Threads threads(1);
    const Bytes text(3000, 'c');
    CompressOptions options;
    options.fallback = Fallback::best;
    options.stack.source = NetworkSource::model;
    mix_with(options, {.set = ExpertSet::fast, .bytes = 3000, .memory = kMinMixingMemory});
    REQUIRE(options.alternative.has_value());
    struct Stop {};
    options.progress = [&](std::uint64_t plain, std::uint64_t) {
        if (plain == text.size()) {
            throw Stop();
        }
    };
    // Nothing was written: it was the second way that was asked, not the finished archive.
    Bytes archive;
    CHECK_THROWS_AS((void)compress(&model_of(0), options, source_of(text), sink_to(archive)), Stop);
    CHECK(archive.empty());
}
