#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "support/hostile_float_state.hpp"
#include "support/message.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::noisy_model;
using bitlaw::test::resealed_model;
using bitlaw::test::smallest_config;
using bitlaw::test::tiny_config;

namespace {

constexpr std::size_t kConfigAt = 8;
constexpr std::size_t kPrecisionAt = kConfigAt + kConfigBytes;
constexpr std::size_t kWeightsAt = kPrecisionAt + 1 + 8 + 8;

TrainingRecord record() {
    TrainingRecord r;
    r.training = {{"prose.txt", 11, 0, 5'000'000}, {"more \xC3\xBC.txt", 12, 7, 8}};
    r.validation = {{"prose.txt", 13, 5'000'000, 100'000}};
    r.seed = 42;
    r.steps = 1000;
    r.tokens = 16'384'000;
    r.options = "batch_tokens=16384\nlearning_rate=0.01\n";
    r.training_bits_per_byte = 2.25;
    r.validation_bits_per_byte = 2.5;
    return r;
}

bool same(const std::vector<DataSource>& a, const std::vector<DataSource>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const DataSource& x, const DataSource& y) {
        return x.name == y.name && x.hash == y.hash && x.begin == y.begin && x.bytes == y.bytes;
    });
}

bool same(const TrainingRecord& a, const TrainingRecord& b) {
    return same(a.training, b.training) && same(a.validation, b.validation) && a.seed == b.seed &&
           a.steps == b.steps && a.tokens == b.tokens && a.options == b.options &&
           a.training_bits_per_byte == b.training_bits_per_byte &&
           a.validation_bits_per_byte == b.validation_bits_per_byte;
}

std::string loading(const Bytes& file) {
    return message_of<Error>([&] { (void)decode_model(file, "the file"); });
}

Bytes with_byte(Bytes file, std::size_t place, std::uint8_t value) {
    file.at(place) = value;
    return file;
}

Bytes with_hash(Bytes content) {
    ByteWriter hash;
    hash.u64(hash64(content));
    content.insert(content.end(), hash.data().begin(), hash.data().end());
    return content;
}

}  // namespace

TEST_CASE(
    "checkpoint: a model comes back exactly, in all precisions and architectures, with and without record") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        for (const WeightFormatId format :
             {WeightFormatId::bf16, WeightFormatId::fp32, WeightFormatId::int8}) {
            const StoredModel model = noisy_model(tiny_config(architecture), 5, format);
            const Bytes bare = encode_model(model.model, format, nullptr);
            CHECK(bare.size() == kWeightsAt + 8 + weight_bytes_count(model.model.config, format).value());
            CHECK(model.stored_bytes == bare.size());
            const TrainingRecord r = record();
            for (const TrainingRecord* with : {static_cast<const TrainingRecord*>(nullptr), &r}) {
                const Bytes file = encode_model(model.model, format, with);
                const StoredModel back = decode_model(file, "the file");
                CHECK(back.model.config == model.model.config);
                CHECK(back.model.weights == model.model.weights);
                CHECK(back.format == format);
                CHECK(back.id == model.id);
                CHECK(back.id == model_id(model.model, format));
                CHECK(back.stored_bytes == bare.size());
                CHECK(same(back.record, with != nullptr ? r : TrainingRecord{}));
                CHECK(encode_model(back.model, format, with) == file);
            }
        }
    }
}

TEST_CASE("checkpoint: a sample of the training data stands outside the id, and not in archives") {
    const StoredModel noisy = noisy_model(tiny_config(Architecture::modern), 5);
    const Model& model = noisy.model;
    TrainingRecord with = record();
    Bytes text(200'000);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : text) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    const ByteSpan span(text);
    with.content = content_sample({&span, 1});
    REQUIRE(with.content.size() > 1000);
    const TrainingRecord without = record();
    const Bytes file = encode_model(model, WeightFormatId::bf16, &with);
    const StoredModel loaded = decode_model(file, "the file");
    CHECK(loaded.record.content == with.content);
    CHECK(same(loaded.record, without));
    const StoredModel bare = decode_model(encode_model(model, WeightFormatId::bf16, &without), "the file");
    CHECK(bare.record.content.empty());
    CHECK(bare.id == loaded.id);
    CHECK(bare.stored_bytes == loaded.stored_bytes);
    CHECK(encode_model(model, WeightFormatId::bf16, nullptr).size() == loaded.stored_bytes);
    // A sample without a record, one that is cut, and one that does not ascend.
    CHECK(holds(loading(resealed_model(with_byte(file, 5, 2))), "unknown flags 2"));
    CHECK_FALSE(loading(resealed_model(with_byte(file, 5, 1))).empty());
    CHECK(holds(loading(resealed_model(with_byte(file, file.size() - 9, 0))), "the sample"));
    with.content.resize(kMostSampleBytes + 1);
    CHECK(holds(message_of<Error>([&] { (void)encode_model(model, WeightFormatId::bf16, &with); }),
                "at most 15000"));
}

TEST_CASE("checkpoint: the id depends on config, precision and stored weights, and on nothing else") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 5);
    Model other = model.model;
    CHECK(model_id(other, WeightFormatId::bf16) == model.id);
    CHECK(model_id(other, WeightFormatId::fp32) != model.id);
    // Less than half a unit of bf16: the stored weight stays.
    other.weights[10] *= 1.0f + 0x1p-12f;
    REQUIRE(other.weights[10] != model.model.weights[10]);
    CHECK(model_id(other, WeightFormatId::bf16) == model.id);
    other.weights[10] *= 1.0f + 0x1p-6f;
    CHECK(model_id(other, WeightFormatId::bf16) != model.id);
    Model rounded = model.model;
    rounded.config.arithmetic = Arithmetic::bf16;
    CHECK(model_id(rounded, WeightFormatId::bf16) != model.id);
    ModelConfig config = model.model.config;
    config.rotary_base += 1;
    Model based(config);
    based.weights = model.model.weights;
    CHECK(model_id(based, WeightFormatId::bf16) != model.id);
}

TEST_CASE("checkpoint: bf16 rounds to nearest even like the kernel, in a hostile floating-point state too") {
    Model model(smallest_config(Architecture::modern, 256));
    Random random(9);
    for (float& weight : model.weights) {
        do {
            weight = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
        } while (!(std::abs(weight) < 3e38f));
    }
    const std::vector<std::pair<float, float>> known{
        {0x1.01p0f, 0x1.00p0f},   {0x1.03p0f, 0x1.04p0f}, {0x1.01002p0f, 0x1.02p0f},
        {-0x1.01p0f, -0x1.00p0f}, {0x1.fffp0f, 0x1p1f},   {0x1p-149f, 0.0f},
        {-0.0f, -0.0f},           {0x1p-133f, 0x1p-133f}, {0x1.8p-134f, 0x1p-133f},
        {0x1p-134f, 0.0f}};
    for (std::size_t i = 0; i < known.size(); ++i) {
        model.weights[i] = known[i].first;
    }
    Floats expected(model.weights.size());
    kernel_table().round_bf16(model.weights.data(), model.weights.size(), expected.data());
    Model rounded = model;
    {
        const test::HostileFloatState hostile;
        round_weights(rounded, WeightFormatId::bf16);
    }
    bool equal = true;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        equal = equal &&
                std::bit_cast<std::uint32_t>(expected[i]) == std::bit_cast<std::uint32_t>(rounded.weights[i]);
    }
    CHECK(equal);
    for (std::size_t i = 0; i < known.size(); ++i) {
        CHECK(std::bit_cast<std::uint32_t>(rounded.weights[i]) ==
              std::bit_cast<std::uint32_t>(known[i].second));
    }
    Model unchanged = model;
    round_weights(unchanged, WeightFormatId::fp32);
    CHECK(unchanged.weights == model.weights);
}

TEST_CASE("checkpoint: weights that are not finite are refused when saved and when loaded") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 1);
    for (const float bad :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 3.4e38f}) {
        Model broken = model.model;
        broken.weights[3] = bad;
        const std::string message =
            message_of<Error>([&] { (void)encode_model(broken, WeightFormatId::bf16, nullptr); });
        CHECK(holds(message, "weight 3 of the model is not a finite number"));
        CHECK_THROWS_AS(round_weights(broken, WeightFormatId::bf16), Error);
    }
    Bytes file = encode_model(model.model, WeightFormatId::bf16, nullptr);
    file[kWeightsAt + 6] = 0x80;
    file[kWeightsAt + 7] = 0x7F;
    CHECK(holds(loading(resealed_model(file)), "the file is damaged: weight 3 is not a finite number"));
}

TEST_CASE("checkpoint: files and folders are loaded, and save is atomic") {
    const test::TemporaryFolder folder;
    const StoredModel model = noisy_model(tiny_config(Architecture::vanilla), 2);
    save_model(folder / kModelFile, model.model, WeightFormatId::bf16, record());
    CHECK(folder.entries() == 1);
    CHECK(load_model(folder.path()).id == model.id);
    CHECK(load_model(folder / kModelFile).model.weights == model.model.weights);
    CHECK(same(load_model(folder.path()).record, record()));
    const std::string message = message_of<Error>([&] { (void)load_model(folder / "none"); });
    CHECK(holds(message, (folder / "none").string()));
}

TEST_CASE("checkpoint: a large file is read without its bytes beside its weights") {
    ModelConfig config = tiny_config(Architecture::modern);
    config.width = 128;
    config.heads = config.kv_heads = 4;
    config.head_width = 32;
    config.alphabet = 131072;
    Model model(config);
    for (std::size_t i = 0; i < model.weights.size(); ++i) {
        model.weights[i] = static_cast<float>(i % 255) - 127;
    }
    const test::TemporaryFolder folder;
    const std::uint64_t fp32 = sizeof(float) * model.weights.size();
    save_model(folder / kModelFile, model, WeightFormatId::bf16, record());
    const test::PeakMemory memory;
    const StoredModel loaded = load_model(folder.path());
    // A tensor is a quarter of it, the file a half.
    CHECK(memory.growth() < fp32 + fp32 * 3 / 8);
    CHECK(loaded.model.weights == model.weights);
    CHECK(loaded.id == model_id(model, WeightFormatId::bf16));
    CHECK(same(loaded.record, record()));
}

TEST_CASE("checkpoint: what cannot be used is named with a reason") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 1);
    const Bytes file = encode_model(model.model, WeightFormatId::bf16, nullptr);
    CHECK(holds(loading({}), "the file is not a bitlaw model"));
    CHECK(holds(loading(Bytes(100, 7)), "the file is not a bitlaw model"));
    CHECK(holds(loading({0x89, 'B', 'L', 'M'}), "truncated"));
    CHECK(holds(loading(with_byte(file, 4, 9)), "format version 9"));
    CHECK(holds(loading(with_byte(file, 20, 1)), "its hash does not match"));
    CHECK(holds(loading(resealed_model(with_byte(file, 5, 2))), "unknown flags 2"));
    CHECK(holds(loading(resealed_model(with_byte(file, 6, 9))), "arithmetic version 9"));
    CHECK(holds(loading(resealed_model(with_byte(file, kConfigAt, 9))),
                "unknown architecture 9; this file needs a newer bitlaw"));
    CHECK(holds(loading(resealed_model(with_byte(file, kConfigAt + 1, 2))),
                "arithmetic is 2, but must be fp32 or bf16"));
    CHECK(holds(loading(resealed_model(with_byte(file, kConfigAt + 2, 2))),
                "cache is 2, but must be fp32 or bf16"));
    CHECK(holds(loading(resealed_model(with_byte(file, kPrecisionAt, 6))), "unknown precision 6"));
    // An alphabet of 5 has more weights than there are.
    CHECK(holds(loading(resealed_model(with_byte(file, kConfigAt + 3, 5))), "bytes of weights"));
    // A forged id with a right hash of the file.
    Bytes forged = with_byte(file, kPrecisionAt + 1, static_cast<std::uint8_t>(file[kPrecisionAt + 1] ^ 1));
    forged.resize(forged.size() - 8);
    CHECK(holds(loading(with_hash(forged)), "does not fit its weights"));
    Bytes longer(file.begin(), file.end() - 8);
    longer.push_back(0);
    CHECK(holds(loading(with_hash(longer)), "1 bytes follow its end"));
}

TEST_CASE(
    "checkpoint: every truncation and every changed byte gives an Error, or with right hashes a bounded "
    "model") {
    const test::PeakMemory memory;
    const std::vector<std::pair<Architecture, WeightFormatId>> kinds{
        {Architecture::modern, WeightFormatId::bf16},
        {Architecture::vanilla, WeightFormatId::bf16},
        {Architecture::vanilla, WeightFormatId::int8}};
    for (const auto& [architecture, format] : kinds) {
        const StoredModel model = noisy_model(smallest_config(architecture, 4), 1, format);
        const TrainingRecord r = record();
        const Bytes file = encode_model(model.model, format, &r);
        CHECK(resealed_model(file) == file);
        std::size_t accepted = 0;
        const auto try_load = [&](const Bytes& bytes) {
            try {
                const StoredModel loaded = decode_model(bytes, "the file");
                ++accepted;
                return loaded.model.weights.size() == loaded.model.layout.size;
            } catch (const Error& error) {
                return !holds(error.what(), "\n") && holds(error.what(), "the file");
            }
        };
        for (std::size_t length = 0; length < file.size(); ++length) {
            const Bytes shorter(file.begin(), file.begin() + static_cast<long>(length));
            REQUIRE(try_load(shorter));
            REQUIRE(try_load(resealed_model(shorter)));
        }
        CHECK(accepted == 0);
        for (std::size_t place = 0; place < file.size(); ++place) {
            for (const int pattern : {0x01, 0x10, 0x80, 0xFF}) {
                const Bytes changed =
                    with_byte(file, place, static_cast<std::uint8_t>(file[place] ^ pattern));
                REQUIRE(try_load(changed));
            }
        }
        CHECK(accepted == 0);
        for (std::size_t place = 0; place < file.size(); ++place) {
            for (const int pattern : {0x01, 0x10, 0x80, 0xFF}) {
                const Bytes changed =
                    with_byte(file, place, static_cast<std::uint8_t>(file[place] ^ pattern));
                REQUIRE(try_load(resealed_model(changed)));
            }
        }
        CHECK(accepted > file.size() / 2);  // most weights may change
    }
    CHECK(memory.growth() < 64 * 1024 * 1024);
}

TEST_CASE("checkpoint: a training record of random or hostile bytes stays bounded") {
    const test::PeakMemory memory;
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 1);
    Bytes front = encode_model(model.model, WeightFormatId::bf16, nullptr);
    front.resize(front.size() - 8);
    front[5] = 1;
    const auto with_record = [&](const Bytes& bytes) {
        ByteWriter writer;
        writer.bytes(front);
        writer.u32(static_cast<std::uint32_t>(bytes.size()));
        writer.bytes(bytes);
        return with_hash(writer.take());
    };
    Random random(3);
    for (int round = 0; round < 2000; ++round) {
        Bytes bytes = test::random_bytes(random.below(200), random.next(), round % 2 == 0 ? 256 : 2);
        REQUIRE_FALSE(loading(with_record(bytes)).empty());
    }
    // little-endian mark, version 1, then a count of ranges and a name's length that no memory holds
    for (const int mark : {1, 0}) {
        for (const int fill : {0xFF, 0x7F, 0x00}) {
            Bytes bytes{1, 1, 0, 0, 0};
            if (mark == 0) {
                bytes = {0, 0, 0, 0, 1};
            }
            bytes.resize(bytes.size() + 8, static_cast<std::uint8_t>(fill));
            bytes.resize(bytes.size() + 100, 0xFF);
            REQUIRE(holds(loading(with_record(bytes)), "damaged in its training record"));
        }
    }
    CHECK(holds(loading(with_record({1, 2, 0, 0, 0})), "version 2"));
    CHECK(memory.growth() < 64 * 1024 * 1024);
}

TEST_CASE("checkpoint: a record that could not be read again is not written") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 1);
    TrainingRecord r = record();
    r.options.assign((1 << 20) + 1, 'x');
    CHECK_THROWS_AS((void)encode_model(model.model, WeightFormatId::bf16, &r), Error);
    r = record();
    r.training[0].name.assign(4097, 'x');
    CHECK_THROWS_AS((void)encode_model(model.model, WeightFormatId::bf16, &r), Error);
    r.training[0].name.resize(4096);
    CHECK(decode_model(encode_model(model.model, WeightFormatId::bf16, &r), "the file")
              .record.training[0]
              .name.size() == 4096);
}
