#include <doctest/doctest.h>

#include <bit>
#include <cstring>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::train;
using bitlaw::test::file_bytes;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

TrainingState sample_state(bool has_vocabulary = false) {
    TrainingState state;
    TrainingProgress& progress = state.progress;
    progress.config = test::tiny_config(Architecture::modern);
    progress.config.alphabet = 8;
    progress.config.hidden = 4;
    progress.config.width = 2;
    progress.options = "seed=1\ntokens=77\n";
    progress.training = {{.name = "a.txt", .hash = 5, .begin = 6, .bytes = 7}, {.name = "b", .hash = 1}};
    progress.validation = {{.name = "", .hash = 9, .begin = 0, .bytes = 1}};
    progress.steps = 20;
    progress.step = 10;
    progress.tokens = 1234;
    progress.position = {.epoch = 3, .index = 4};
    progress.mean_bits_per_byte.add(2.5);
    progress.validation_bits_per_byte = 2.25;
    if (has_vocabulary) {
        std::vector<Bytes> tokens(8);
        tokens[3] = {'a'};
        tokens[7] = {'b', 'c'};
        progress.vocabulary = std::make_shared<const symbols::Vocabulary>(tokens, symbols::TextCut::words,
                                                                          true, std::vector<std::uint32_t>{},
                                                                          std::vector<symbols::Merge>{});
    }
    const std::size_t size = parameter_count(progress.config);
    Random random(1);
    for (Floats* values : {&state.weights, &state.moments.first, &state.moments.second}) {
        for (std::size_t i = 0; i < size; ++i) {
            values->push_back(static_cast<float>(random.normal()));
        }
    }
    state.moments.beta1_power = 0.5;
    state.moments.beta2_power = 0.75;
    return state;
}

Bytes sample_file(bool has_vocabulary = false) {
    const TemporaryFolder folder;
    const TrainingState state = sample_state(has_vocabulary);
    save_state(folder / "s", state.progress, state.weights, state.moments);
    return file_bytes(folder / "s");
}

void put_u64(Bytes& bytes, std::size_t position, std::uint64_t value) {
    ByteWriter writer;
    writer.u64(value);
    std::copy(writer.data().begin(), writer.data().end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(position));
}

std::uint64_t u64_at(const Bytes& bytes, std::size_t position) {
    return ByteReader(ByteSpan(bytes).subspan(position), "test").u64();
}

// Makes both hashes fit whatever the rest says, as a forger would.
void rehash(Bytes& bytes) {
    const std::uint64_t metadata = u64_at(bytes, 24);
    if (metadata <= bytes.size() - 72) {
        put_u64(bytes, 32, hash64(ByteSpan(bytes).subspan(64, metadata)));
    }
    put_u64(bytes, bytes.size() - 8, hash64(ByteSpan(bytes).first(bytes.size() - 8)));
}

}  // namespace

TEST_CASE("state: as many weighted ranges as a run may have fit its options") {
    const TemporaryFolder folder;
    TrainingState state = sample_state();
    std::string& options = state.progress.options;
    options += "weights=";
    for (int i = 0; i < 4096; ++i) {
        options += exact_text(0x1.fffffffffffffp-1022) + ",";  // as long as any number gets
    }
    state.progress.training.assign(4096, {.name = "a", .hash = 1, .begin = 2, .bytes = 3});
    REQUIRE(options.size() > 1 << 16);
    save_state(folder / "s", state.progress, state.weights, state.moments);
    CHECK(load_state(folder / "s").progress.options == options);
    options.assign((1 << 20) + 1, 'x');
    CHECK(holds(
        message_of<Error>([&] { save_state(folder / "t", state.progress, state.weights, state.moments); }),
        "options' length"));
}

TEST_CASE("a state is read back as it was written") {
    const TrainingState wanted = sample_state();
    const TrainingState got = decode_state(sample_file(), "s");
    CHECK(got.progress.config == wanted.progress.config);
    CHECK(got.progress.options == wanted.progress.options);
    REQUIRE(got.progress.training.size() == 2);
    CHECK(got.progress.training[0].name == "a.txt");
    CHECK(got.progress.training[0].hash == 5);
    CHECK(got.progress.training[0].begin == 6);
    CHECK(got.progress.training[0].bytes == 7);
    CHECK(got.progress.validation.size() == 1);
    CHECK(got.progress.steps == 20);
    CHECK(got.progress.step == 10);
    CHECK(got.progress.tokens == 1234);
    CHECK(got.progress.position == wanted.progress.position);
    CHECK(got.progress.mean_bits_per_byte.value == 2.5);
    CHECK(got.progress.mean_bits_per_byte.count == 1);
    CHECK(got.progress.validation_bits_per_byte == 2.25);
    CHECK(got.weights == wanted.weights);
    CHECK(got.moments.first == wanted.moments.first);
    CHECK(got.moments.second == wanted.moments.second);
    CHECK(got.moments.beta1_power == 0.5);
    CHECK(got.moments.beta2_power == 0.75);
}

TEST_CASE("the file lies as docs/FORMAT.md says") {
    const Bytes file = sample_file();
    CHECK(file[0] == 0x89);
    CHECK(std::memcmp(file.data() + 1, "BLS", 3) == 0);
    CHECK(u64_at(file, 8) == file.size());
    CHECK(u64_at(file, 16) == parameter_count(sample_state().progress.config));
    ByteReader metadata(ByteSpan(file).subspan(64, u64_at(file, 24)), "test");
    CHECK(metadata.u8() == 1);
    CHECK(metadata.u32() == 2);
    CHECK(read_config(metadata) == sample_state().progress.config);
    CHECK(metadata.u64() == sample_state().progress.options.size());
    CHECK(metadata.remaining() > 8 * 8);
    CHECK(u64_at(file, 64 + metadata.position() + metadata.remaining() - 8) ==
          std::bit_cast<std::uint64_t>(0.75));
    const std::uint64_t tensors = (64 + u64_at(file, 24) + 63) / 64 * 64;
    float weight = 0.0F;
    std::memcpy(&weight, file.data() + tensors, sizeof weight);
    CHECK(weight == sample_state().weights[0]);
    CHECK(u64_at(file, file.size() - 8) == hash64(ByteSpan(file).first(file.size() - 8)));
}

TEST_CASE("every truncation of a state is an error with the name in it") {
    const Bytes file = sample_file(true);
    for (std::size_t size = 0; size < file.size(); ++size) {
        const std::string message =
            message_of<Error>([&] { (void)decode_state(ByteSpan(file).first(size), "some/state.bls"); });
        REQUIRE(holds(message, "some/state.bls"));
        REQUIRE_FALSE(holds(message, "\n"));
    }
    Bytes longer = file;
    longer.push_back(0);
    CHECK_THROWS_AS((void)decode_state(longer, "s"), Error);
}

TEST_CASE("every flipped byte of a state is an error") {
    Bytes file = sample_file(true);
    for (std::size_t i = 0; i < file.size(); ++i) {
        for (const std::uint8_t flip : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xFF}) {
            file[i] ^= flip;
            REQUIRE_FALSE(message_of<Error>([&] { (void)decode_state(file, "s"); }).empty());
            file[i] ^= flip;
        }
    }
    CHECK_NOTHROW((void)decode_state(file, "s"));
}

TEST_CASE("a forged state with fitting hashes gives an error or a bounded state") {
    const Bytes file = sample_file(true);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < file.size() - 8; ++i) {
        for (const std::uint8_t flip : std::initializer_list<std::uint8_t>{0x01, 0x40, 0x80, 0xFF}) {
            Bytes forged = file;
            forged[i] ^= flip;
            rehash(forged);
            try {
                const TrainingState state = decode_state(forged, "s");
                REQUIRE(state.weights.size() == parameter_count(state.progress.config));
            } catch (const Error&) {
                ++refused;
            }
        }
    }
    CHECK(refused > 4 * 40);  // at least most of the header
    // Huge lengths in every aligned and unaligned place of the metadata.
    const std::uint64_t metadata = u64_at(file, 24);
    for (std::size_t i = 64; i + 8 <= 64 + metadata; ++i) {
        Bytes forged = file;
        put_u64(forged, i, std::uint64_t{1} << 62);
        rehash(forged);
        try {
            (void)decode_state(forged, "s");
        } catch (const Error&) {
        }
    }
    Bytes forged = file;
    put_u64(forged, 16, std::uint64_t{1} << 62);
    rehash(forged);
    CHECK(holds(message_of<Error>([&] { (void)decode_state(forged, "s"); }), "impossible sizes"));
    forged = file;
    put_u64(forged, 40, std::uint64_t{1} << 62);  // of the vocabulary
    rehash(forged);
    CHECK(holds(message_of<Error>([&] { (void)decode_state(forged, "s"); }), "impossible sizes"));
}

TEST_CASE("a state has the vocabulary of its model") {
    const TrainingState state = decode_state(sample_file(true), "s");
    REQUIRE(state.progress.vocabulary != nullptr);
    CHECK(state.progress.vocabulary->encode() == sample_state(true).progress.vocabulary->encode());
    CHECK(state.weights == sample_state(true).weights);
    CHECK(trained_model(state).model.vocabulary->size() == 8);
    CHECK(decode_state(sample_file(), "s").progress.vocabulary == nullptr);
}

TEST_CASE("a state's model has the trained weights, not rounded, and the run's record") {
    const TrainingState state = sample_state();
    const StoredModel model = trained_model(state);
    CHECK(model.format == WeightFormatId::fp32);
    CHECK(std::ranges::equal(model.model.weights, state.weights));
    CHECK(model.record.tokens == state.progress.tokens);
    CHECK(model.record.options == state.progress.options);
    CHECK(model.record.seed == 1);
}

TEST_CASE("a file that is no state, or none at all, is named") {
    const TemporaryFolder folder;
    test::write_text(folder / "x", "hello");
    CHECK(holds(message_of<Error>([&] { (void)load_state(folder / "x"); }), "does not begin as"));
    CHECK(holds(message_of<Error>([&] { (void)load_state(folder / "y"); }), "cannot open"));
}

TEST_CASE("the moving mean is plain at first and exponential later") {
    MovingMean mean;
    mean.add(4.0);
    CHECK(mean.value == 4.0);
    mean.add(2.0);
    CHECK(mean.value == 3.0);
    for (int i = 0; i < 1000; ++i) {
        mean.add(1.0);
    }
    CHECK(mean.value == doctest::Approx(1.0).epsilon(1e-6));
    mean.add(51.0);
    CHECK(mean.value == doctest::Approx(2.0).epsilon(1e-6));
}
